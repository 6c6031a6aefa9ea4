import { existsSync, realpathSync } from 'node:fs';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { ExpectedError } from '../expected-error.js';
import { directoryFor, ownerOtherThanRoot, type Owner } from './owner.js';

export interface Account {
  user: string;
  password: string;
  database: string;
}

interface Mariadb {
  data: string;
  /** Read at every start, before the server listens. */
  initFile: string;
  /** Whom it runs as, where it may not run as this user. */
  owner?: Owner;
}

/** Makes an empty MariaDB for this run, with one account that owns one database. */
export async function createMariadb(program: string, name: string, account: Account): Promise<Mariadb> {
  const owner = ownerOtherThanRoot('mysql');
  const directory = join(await directoryFor(owner), name);
  const [data, initFile] = [join(directory, 'data'), join(directory, 'init.sql')];
  await mkdir(directory, { mode: 0o700 });
  await writeFile(initFile, accountSql(account), { mode: 0o600 });
  if (owner) for (const path of [directory, initFile]) await chown(path, owner.uid, owner.gid);
  // Its root can log in through a socket only, and the server has none.
  const args = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=socket'];
  await execa(installer(program), [...args, '--skip-test-db', '--skip-name-resolve'], { cwd: '/', ...owner });
  return { data, initFile, owner };
}

/** Debian keeps the server in sbin and this in bin; elsewhere they lie side by side, or this in scripts. */
function installer(program: string): string {
  const directory = dirname(realpathSync(program));
  const places = [directory, join(directory, '../bin'), join(directory, '../scripts')];
  const found = places.map((place) => join(place, 'mariadb-install-db')).find((file) => existsSync(file));
  if (!found) throw new ExpectedError(`There is no mariadb-install-db beside ${program}.`);
  return found;
}

const accountSql = ({ user, password, database }: Account) => `
CREATE DATABASE IF NOT EXISTS ${database};
CREATE USER IF NOT EXISTS ${user}@'%' IDENTIFIED BY '${password}';
GRANT ALL ON ${database}.* TO ${user}@'%';
`;
