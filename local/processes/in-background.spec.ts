import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { inBackground } from './in-background.js';

const run = async (file: string, ...args: string[]) => {
  const command = inBackground({ file, args });
  return (await execa(command.file, command.args, { detached: true })).stdout;
};

describe('inBackground', () => {
  it('lets all others go first', async () => {
    expect(await run('nice')).toBe('19');
  });

  it.runIf(existsSync('/proc/self/autogroup'))('also those of other sessions', async () => {
    expect(await run('cat', '/proc/self/autogroup')).toMatch(/ nice 19$/);
  });

  it('hands on the arguments as they are', async () => {
    expect(await run('printf', '%s|', 'a b', '$HOME', '')).toBe('a b|$HOME||');
  });
});
