import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Unavailable } from './meet-need.js';
import { findProgram } from './program.js';

describe('findProgram', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'program-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const find = (searchPath: string[], places: string[] = []) =>
    findProgram(
      {
        names: ['server', 'other-server'],
        places: places.map((place) => join(directory, place)),
        versionArgs: [],
        minimum: { major: 6, minor: 2 },
      },
      searchPath.map((path) => join(directory, path)).join(delimiter),
    );

  function add(path: string, version: string, mode = 0o755): string {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho "a server v=${version} for linux"\n`, { mode });
    return file;
  }

  it('prefers the PATH, in its order', async () => {
    add('usual/server', '8.0.1');
    const file = add('b/server', '7.0.15');
    add('c/server', '8.0.1');
    const found = await find(['a', 'b', 'c'], ['usual']);
    expect(found).toEqual({ value: { file }, because: `${file}, version 7.0.15` });
  });

  it('takes the newest of the versions in the usual places', async () => {
    add('postgresql/9/bin/server', '9.6.1');
    const file = add('postgresql/15/bin/server', '15.2');
    await expect(find([], ['postgresql/*/bin'])).resolves.toMatchObject({ value: { file } });
  });

  it('finds versions in a part of a directory name', async () => {
    const file = add('opt/postgresql@17/bin/other-server', '17.1');
    await expect(find([], ['opt/postgresql@*/bin'])).resolves.toMatchObject({ value: { file } });
  });

  it('takes a version that is a whole number, as Java has it', async () => {
    const file = add('a/server', '');
    writeFileSync(file, '#!/bin/sh\necho "openjdk 21 2023-09-19"\n');
    await expect(find(['a'])).resolves.toMatchObject({ because: `${file}, version 21` });
  });

  it('passes over what is too old, not executable or no program', async () => {
    const old = add('a/server', '6.0.9');
    add('b/server', '7.0.0', 0o644);
    mkdirSync(join(directory, 'c/server'), { recursive: true });
    const error: unknown = await find(['a', 'b', 'c']).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Unavailable);
    expect(String(error)).toContain(`no server or other-server 6.2 or newer`);
    expect(String(error)).toContain(`${old} is version 6.0.9`);
  });
});
