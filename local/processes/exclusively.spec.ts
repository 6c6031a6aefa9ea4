import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { localDirectory } from '../paths.mjs';
import { exclusively } from './exclusively.mjs';

describe('exclusively', () => {
  const name = `test-${process.pid}`;
  const file = join(localDirectory, `${name}.lock`);
  afterEach(() => rmSync(file, { force: true }));
  vi.spyOn(console, 'log').mockImplementation(() => {});

  it('lets one piece of work follow the other', async () => {
    const events: string[] = [];
    const work = (id: string) =>
      exclusively(name, async () => {
        events.push(`${id} begins`);
        await new Promise(setImmediate);
        events.push(`${id} ends`);
      });
    await Promise.all([work('a'), work('b')]);
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('is free again after work that fails', async () => {
    await expect(exclusively(name, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(existsSync(file)).toBe(false);
  });

  it('takes over from a process that died with the lock', async () => {
    const { pid } = spawnSync('true');
    writeFileSync(file, JSON.stringify({ pid, started: '1' }));
    await expect(exclusively(name, async () => 'done')).resolves.toBe('done');
  });
});
