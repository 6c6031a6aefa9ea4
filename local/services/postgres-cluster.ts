import { realpathSync } from 'node:fs';
import { appendFile, chown, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { canReach, directoryFor, ownerOtherThanRoot, type Owner } from './owner.js';

export interface Cluster {
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
  const owner = ownerOtherThanRoot('postgres');
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
  await appendFile(join(data, 'pg_hba.conf'), 'host all all samenet scram-sha-256\n'); // the other hosts, where it has some
  return { file: join(binaries, 'postgres'), data, owner };
}

/** Copies the cluster of a running Postgres for a replica that follows it. */
export async function copyCluster(
  program: string,
  { name, primary }: { name: string; primary: string },
): Promise<Cluster> {
  const owner = ownerOtherThanRoot('postgres');
  const base = await directoryFor(owner);
  const binaries = await reachableBinaries(dirname(realpathSync(program)), base, owner);
  const data = join(base, name);
  await mkdir(data, { mode: 0o700 });
  if (owner) await chown(data, owner.uid, owner.gid);
  const args = ['-D', data, '-d', primary, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
  await execa(join(binaries, 'pg_basebackup'), args, { cwd: '/', ...owner });
  return { file: join(binaries, 'postgres'), data, owner };
}

/** Programs installed below the checkout may be out of the owner's reach as well; they come with their libraries. */
async function reachableBinaries(binaries: string, base: string, owner?: Owner): Promise<string> {
  if (!owner || canReach(binaries, owner)) return binaries;
  const copy = join(base, 'programs');
  await cp(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, basename(binaries));
}
