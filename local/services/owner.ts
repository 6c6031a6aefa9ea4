import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExpectedError } from '../expected-error.js';
import { currentRun } from '../processes/run.mjs';

export interface Owner {
  uid: number;
  gid: number;
}

/** Whom a server runs as that refuses to run as root: its package's user or nobody. Undefined: as this user. */
export function ownerOtherThanRoot(user: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === user) ?? users.find(([name]) => name === 'nobody');
  if (!found)
    throw new ExpectedError(
      `A server refuses to run as root, and this machine has neither a user ${user} nor nobody.`,
    );
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** The run's directory, unless the checkout lies where the owner has no access, such as below /root. */
export async function directoryFor(owner?: Owner): Promise<string> {
  const run = currentRun();
  if (!owner || canReach(run.directory, owner)) return run.directory;
  const directory = await mkdtemp(join(tmpdir(), 'flash-sale-'));
  run.removeAtEnd(directory);
  await chmod(directory, 0o711);
  return directory;
}

export const canReach = (directory: string, { uid, gid }: Owner) =>
  spawnSync('test', ['-x', directory], { uid, gid, cwd: '/' }).status === 0;
