import { Spawned } from '@app/testing';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EXIT } from '../src/index.js';

const SCRIPT = fileURLToPath(new URL('./support/stubborn.ts', import.meta.url));

let child: Spawned;
afterEach(() => child.kill('SIGKILL'));

function start(behaviour: string) {
  child = new Spawned(['--import', 'tsx', SCRIPT, behaviour, '0'], {}, '');
}

const says = (text: string) =>
  vi.waitFor(() => expect(child.output).toContain(text), { timeout: 20_000, interval: 20 });

describe('a process that is told to end', () => {
  it('ends with 0 once all of its parts have', async () => {
    start('ends');
    await says('serves');
    child.kill('SIGTERM');
    expect(await child.ended).toBe(EXIT.ended);
    expect(child.output).toContain('is told to end');
    expect(child.output).toContain('the other part has ended');
  });

  it('leaves a part behind that does not end, and says so in the log and by its exit code', async () => {
    start('hangs');
    await says('serves');
    child.kill('SIGTERM');
    expect(await child.ended).toBe(EXIT.leftBehind);
    expect(child.output).toContain('ends without Part');
    expect(child.output).toContain('the other part has ended');
  });

  it('counts a part that fails to end as left behind, and tells why', async () => {
    start('cannot end');
    await says('serves');
    child.kill('SIGTERM');
    expect(await child.ended).toBe(EXIT.leftBehind);
    expect(child.output).toContain('the part is stuck');
    expect(child.output).toContain('ends without Part');
    expect(child.output).toContain('the other part has ended');
  });

  it('ends at once if it is told so again', async () => {
    start('is slow');
    await says('serves');
    child.kill('SIGTERM');
    await says('is told to end');
    child.kill('SIGTERM');
    expect(await child.ended).toBe(128 + 15);
  });

  it('lets its parts begin before it ends them', async () => {
    start('begins slowly');
    await says('the part begins');
    child.kill('SIGTERM');
    expect(await child.ended).toBe(EXIT.ended);
    expect(child.output).toMatch(/the part has begun[^]*the other part has ended/);
  });

  it('leaves a part behind that does not begin, and has no grace for those it does not serve yet', async () => {
    start('does not begin');
    await says('the part begins');
    child.kill('SIGTERM');
    expect(await child.ended).toBe(EXIT.leftBehind);
    expect(child.output).toContain('ends without the beginning');
    expect(child.output).toContain('the other part has ended');
  });

  it('ends at once while it has not begun to serve', async () => {
    start('boots for ever');
    await says('boots');
    child.kill('SIGTERM');
    expect(await child.ended).toBe(128 + 15);
  });
});

describe('a process that cannot go on', () => {
  it.each(['throws', 'rejects'])('tells the whole error and ends with 1 when something %s', async (how) => {
    start(how);
    expect(await child.ended).toBe(EXIT.failed);
    expect(child.output).toContain('a part is broken');
    expect(child.output).toContain('its reason');
  });

  it('tells whoever has started it what to change, without a stack', async () => {
    start('is refused');
    expect(await child.ended).toBe(EXIT.failed);
    expect(child.output).toBe('change something\n');
  });
});

it('a process that has nothing to serve ends with 0', async () => {
  start('has nothing to serve');
  expect(await child.ended).toBe(EXIT.ended);
});
