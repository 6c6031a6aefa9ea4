import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Unavailable } from '../meet-need.js';
import { release } from './release.js';

describe('release', () => {
  let directory: string;
  let archive: Buffer;
  let extension: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'release-'));
    mkdirSync(join(directory, 'tool-v1'));
    writeFileSync(join(directory, 'tool-v1/tool'), 'the program', { mode: 0o755 });
    await execa('tar', ['-czf', 'tool.tar.gz', 'tool-v1'], { cwd: directory });
    archive = readFileSync(join(directory, 'tool.tar.gz'));
    extension = 'tar.gz';
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function find(sha256: string, machine = `${process.platform}-${process.arch}`) {
    const server = createServer((_, response) => response.end(archive)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool.${extension}`;
    const way = release({
      name: 'tool',
      version: '1',
      directory: join(directory, 'bin'),
      archives: { [machine]: { url, sha256 } },
    });
    return way.find().finally(() => server.close());
  }

  it('unpacks the program of an archive that has the pinned checksum', async () => {
    const { value } = await find(createHash('sha256').update(archive).digest('hex'));
    expect(readFileSync(value.file, 'utf8')).toBe('the program');
  });

  it.skipIf(spawnSync('zip', ['-v']).error)('unpacks a zip, whose program lies at its top', async () => {
    await execa('zip', ['-j', 'tool.zip', 'tool-v1/tool'], { cwd: directory });
    archive = readFileSync(join(directory, 'tool.zip'));
    extension = 'zip';
    const { value } = await find(createHash('sha256').update(archive).digest('hex'));
    expect(readFileSync(value.file, 'utf8')).toBe('the program');
  });

  it('unpacks nothing of any other archive', async () => {
    await expect(find('0'.repeat(64))).rejects.toThrow(/its checksum is [0-9a-f]{64}, not 0{64}/);
    expect(existsSync(join(directory, 'bin'))).toBe(false);
  });

  it('is no way where there is no archive for the machine', async () => {
    await expect(find('', 'another-machine')).rejects.toThrow(Unavailable);
  });
});
