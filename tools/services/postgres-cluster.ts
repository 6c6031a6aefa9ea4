import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { ExpectedError } from '../expected-error.js';
import { currentRun } from '../processes/run.mjs';

interface Owner {
  uid: number;
  gid: number;
}

interface Cluster {
  /** The postgres program. */
  file: string;
  data: string;
  /** Whom it runs as, where it may not run as this user. */
  owner?: Owner;
}

/** Makes an empty database cluster for this run. */
export async function createCluster(
  program: string,
  { name, user, password }: { name: string; user: string; password: string },
): Promise<Cluster> {
  const owner = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  const base = await directoryFor(owner);
  const binaries = await reachableBinaries(dirname(realpathSync(program)), base, owner);
  const data = join(base, name);
  const passwordFile = `${data}.password`;
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (owner) for (const path of [data, passwordFile]) await chown(path, owner.uid, owner.gid);
  // Its data live no longer than this run, so initdb need not wait for the disk; the server does.
  const args = ['-D', data, '-U', user, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync'];
  await execa(join(binaries, 'initdb'), [...args, '--encoding=UTF8', '--locale=C'], { cwd: '/', ...owner });
  await rm(passwordFile);
  return { file: join(binaries, 'postgres'), data, owner };
}

/** Postgres refuses to run as root. */
function unprivilegedUser(): Owner {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!found)
    throw new ExpectedError('Postgres refuses to run as root, and there is no user postgres or nobody.');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** The run's directory, unless the checkout lies where the owner has no access, such as below /root. */
async function directoryFor(owner?: Owner): Promise<string> {
  const run = currentRun();
  if (!owner || canReach(run.directory, owner)) return run.directory;
  const directory = await mkdtemp(join(tmpdir(), 'flash-sale-'));
  run.removeAtEnd(directory);
  await chmod(directory, 0o711);
  return directory;
}

/** Programs installed below the checkout may be out of the owner's reach as well; they come with their libraries. */
async function reachableBinaries(binaries: string, base: string, owner?: Owner): Promise<string> {
  if (!owner || canReach(binaries, owner)) return binaries;
  const copy = join(base, 'programs');
  await cp(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, basename(binaries));
}

const canReach = (directory: string, { uid, gid }: Owner) =>
  spawnSync('test', ['-x', directory], { uid, gid, cwd: '/' }).status === 0;
