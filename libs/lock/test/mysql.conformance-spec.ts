import { TcpProxy } from '@app/testing';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startMysql } from '../../../local/services/mysql.js';
import type { Service } from '../../../local/services/service.js';
import {
  createLockDriver,
  Lock,
  LockBackendUnavailableError,
  LockDeniedError,
  LockWaitTimeoutError,
} from '../src/index.js';
import type { LockDriver, LockDriverName } from '../src/index.js';
import { eventually } from './support/eventually.js';
import { hold } from './support/hold.js';

/** What the suite that all drivers share does not ask, because it is special to MySQL and MariaDB. */

const options = { ttl: 5_000, wait: 10_000 };
const request = () => ({ ttl: 5_000, signal: new AbortController().signal });
const nothing = async () => undefined;

let server: Service;
let admin: Connection;
const drivers: LockDriver[] = [];
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startMysql();
  admin = await createConnection(server.url);
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(drivers.splice(0).map((driver) => driver.close()));
  await Promise.all(closing.splice(0).map((close) => close()));
  await eventually('the connections of closed drivers are gone', async () => (await sessions()) === 1);
});
afterAll(async () => {
  await admin.end();
  await server.stop();
});

const open = async (name: LockDriverName, to = server.url) => {
  const driver = await createLockDriver(name, { mysql: to });
  drivers.push(driver);
  return driver;
};
const openLock = async (name: LockDriverName, to?: string) => new Lock(await open(name, to));

let n = 0;
const resourceName = () => `mysql:${process.pid}:${Date.now()}:${++n}`;
const ask = async (sql: string, values: string[] = []) =>
  (await admin.query<RowDataPacket[]>(sql, values))[0];
const count = async (sql: string, values?: string[]) =>
  Number((await ask(`SELECT COUNT(*) AS n FROM ${sql}`, values))[0]!.n);
const sessions = () => count('information_schema.processlist');
const rowsOf = (table: string, resource: string) =>
  ask(`SELECT * FROM ${table} WHERE resource = ?`, [resource]);
/** Victims so far, as MariaDB counts them. */
const deadlocks = async () => Number((await ask(`SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'`))[0]!.Value);

/** Somebody's transaction on one of the tables of locks. */
async function transaction(sql: string, values: string[]): Promise<Connection> {
  const connection = await createConnection(server.url);
  closing.push(() => connection.end());
  await connection.beginTransaction();
  await connection.query(sql, values);
  return connection;
}

async function throughProxy() {
  const proxy = await TcpProxy.before(server.url);
  closing.push(() => proxy.close());
  return { proxy, url: proxy.leadingTo(server.url) };
}

/** Waits until `busy` connections but our own run a statement like `sql`. */
const running = (sql: string, busy: number) =>
  eventually(`${busy} connections run ${sql}`, async () => {
    const others = `info LIKE ? AND id <> CONNECTION_ID()`;
    return (await count(`information_schema.processlist WHERE ${others}`, [`${sql}%`])) === busy;
  });

const TABLES = { 'mysql-key': 'lock_keys', 'mysql-key-lease': 'lock_leases' } as const;
const ROW_DRIVERS = Object.entries(TABLES) as [keyof typeof TABLES, string][];

describe.for(ROW_DRIVERS)('%s', ([name, table]) => {
  it('finds its own row again when the answer to the acquire got lost, and takes nobody else’s', async () => {
    const { proxy, url } = await throughProxy();
    const lock = await open(name, url);
    const resource = resourceName();
    await (await lock.acquire(resource, request())).release(); // connected, statements prepared
    proxy.holdAnswers();
    const acquiring = lock.acquire(resource, request());
    await eventually('it is taken', async () => Boolean((await rowsOf(table, resource))[0]?.holder));
    proxy.cut();
    proxy.heal();
    const grant = await acquiring;
    expect(await rowsOf(table, resource)).toMatchObject([{ holder: grant.holder }]);
    const other = (await openLock(name)).withLock(resource, { ...options, wait: 300 }, nothing);
    await expect(other).rejects.toBeInstanceOf(LockWaitTimeoutError);
    expect(await grant.release()).toBe(true);
  });

  it('knows that it released when the answer to the release got lost', async () => {
    const { proxy, url } = await throughProxy();
    const resource = resourceName();
    const lock = await open(name, url);
    await (await lock.acquire(resource, request())).release(); // connected, statements prepared
    const grant = await lock.acquire(resource, request());
    proxy.holdAnswers();
    const releasing = grant.release();
    await eventually('the lock is free', async () => !(await rowsOf(table, resource))[0]?.holder);
    const next = await hold(await openLock(name), resource, options);
    proxy.cut();
    proxy.heal();
    expect(await releasing).toBe(true);
    expect(await rowsOf(table, resource)).toMatchObject([{ holder: next.lease.holder }]);
    await next.release();
  });

  it('waits longer than one lock wait time-out (1205) for a row that somebody’s transaction keeps', async () => {
    const lock = await openLock(name);
    await lock.withLock(resourceName(), options, nothing);
    const resource = resourceName();
    const row =
      name === 'mysql-key' ? `(resource, holder) VALUES (?, '')` : `(resource, token) VALUES (?, 0)`;
    const other = await transaction(`INSERT INTO ${table} ${row}`, [resource]);
    const waiting = lock.withLock(resource, { ...options, wait: 30_000 }, async () => 'in');
    const [{ before }] = (await ask(
      `SELECT variable_value AS \`before\` FROM information_schema.global_status WHERE variable_name = 'Innodb_row_lock_waits'`,
    )) as [{ before: string }];
    await eventually('it has waited three times', async () => {
      const [now] = await ask(`SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'`);
      return Number(now!.Value) >= Number(before) + 3;
    });
    await other.rollback();
    expect(await waiting).toBe('in');
  });

  it('takes one round trip to lock a free lock and one to release it', async () => {
    const { proxy, url } = await throughProxy();
    const lock = await openLock(name, url);
    const resource = resourceName();
    await lock.withLock(resource, options, nothing); // connected, statements prepared
    const before = proxy.requests;
    for (let i = 0; i < 20; i++) await lock.withLock(resource, options, nothing);
    expect(proxy.requests - before).toBe(40);
  });

  it('makes its table again, and says so when it may not', async () => {
    await admin.query(`DROP TABLE ${table}`);
    expect(await (await openLock(name)).withLock(resourceName(), options, async () => 'in')).toBe('in');
    const elsewhere = Object.assign(new URL(server.url), { pathname: '/information_schema' }).href;
    const error = await (
      await openLock(name, elsewhere)
    )
      .withLock('r', options, nothing)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LockDeniedError);
    expect(error).toMatchObject({ cause: { sqlState: expect.any(String) as string } });
  });

  it('keeps resources apart by case and beyond 255 characters', async () => {
    const lock = await openLock(name);
    const long = 'x'.repeat(300);
    const names = ['case', 'CASE', `${long}1`, `${long}2`].map((part) =>
      `${resourceName()}:${part}`.slice(-300),
    );
    const held = await Promise.all(names.map((resource) => hold(lock, resource, options)));
    await Promise.all(held.map((one) => one.release()));
  });
});

describe('mysql-key', () => {
  it('outlives the deadlock of three inserters (1213): the victim tries again', async () => {
    const [first, second] = [await openLock('mysql-key'), await openLock('mysql-key')];
    await first.withLock(resourceName(), options, nothing); // the table is there
    await second.withLock(resourceName(), options, nothing);
    const before = await deadlocks();
    for (let rounds = 0; rounds < 20 && (await deadlocks()) === before; rounds++) {
      const resource = resourceName();
      const insert = 'INSERT INTO lock_keys (resource, holder) VALUES (?, ?)';
      const third = await transaction(insert, [resource, 'third']);
      let inside = 0;
      const section = async () => {
        expect(++inside).toBe(1);
        await nothing();
        inside--;
      };
      const both = Promise.all([first, second].map((lock) => lock.withLock(resource, options, section)));
      await running('INSERT INTO lock_keys', 2); // both wait for a shared lock on the row; both then want it for themselves
      await third.rollback();
      await both;
      expect(await rowsOf('lock_keys', resource)).toEqual([]);
    }
    expect(await deadlocks()).toBeGreaterThan(before);
  });

  it('deletes its row as soon as the server can be reached again, when a release got no answer', async () => {
    const { proxy, url } = await throughProxy();
    const resource = resourceName();
    const grant = await (await open('mysql-key', url)).acquire(resource, request());
    proxy.cut();
    await expect(grant.release()).rejects.toBeInstanceOf(LockBackendUnavailableError);
    expect(await rowsOf('lock_keys', resource)).toHaveLength(1);
    proxy.heal();
    await eventually('the row is gone', async () => (await rowsOf('lock_keys', resource)).length === 0);
  });
});

describe('mysql-key-lease', () => {
  it('expires by the clock of the server, whatever that of the client says', async () => {
    const resource = resourceName();
    const driver = await open('mysql-key-lease');
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2001-01-01') });
    const grant = await driver.acquire(resource, request());
    const [row] = await ask(
      `SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), expires_at) / 1000 AS ms FROM lock_leases WHERE resource = ?`,
      [resource],
    );
    expect(Number(row!.ms)).toBeGreaterThan(0);
    expect(Number(row!.ms)).toBeLessThanOrEqual(5_000);
    expect(await grant.release()).toBe(true);
  });

  it('refuses release and extension to a holder whose time was over, even before somebody else came', async () => {
    const resource = resourceName();
    const driver = await open('mysql-key-lease');
    const stale = await driver.acquire(resource, { ...request(), ttl: 200 });
    await eventually('it has run out', async () => {
      return (
        (await count('lock_leases WHERE resource = ? AND expires_at <= UTC_TIMESTAMP(6)', [resource])) === 1
      );
    });
    expect(await stale.extend!(5_000)).toBe(false);
    const next = await driver.acquire(resource, request());
    expect(next.token).toBe(stale.token! + 1n);
    expect(await stale.extend!(5_000)).toBe(false);
    expect(await stale.release()).toBe(false);
    expect(await next.extend!(5_000)).toBe(true);
    expect(await next.release()).toBe(true);
  });

  it('keeps its lease while a transaction keeps the row for longer than a lock wait time-out', async () => {
    const resource = resourceName();
    const held = await hold(await openLock('mysql-key-lease'), resource, { ttl: 12_000, wait: 5_000 });
    const other = await transaction('SELECT * FROM lock_leases WHERE resource = ? FOR UPDATE', [resource]);
    await running('UPDATE lock_leases SET expires_at', 1); // the watchdog asks
    await eventually(
      'it has given up and asks again',
      async () =>
        (await count(
          `information_schema.processlist WHERE info LIKE 'UPDATE lock_leases SET expires_at%'`,
        )) === 0,
    );
    await other.rollback();
    const { expiresAt } = held.lease;
    await eventually('it is extended', () => held.lease.expiresAt > expiresAt);
    await held.release();
  });

  it('never lowers its tokens', async () => {
    const resource = resourceName();
    const lock = await openLock('mysql-key-lease');
    const tokenOf = async (lease: { token?: bigint }) => lease.token!;
    await lock.reseed(resource, 10_000_000_000n); // before the first grant
    expect(await lock.withLock(resource, options, tokenOf)).toBe(10_000_000_001n);
    await lock.reseed(resource, 5n);
    expect(await lock.withLock(resource, options, tokenOf)).toBe(10_000_000_002n);
    await expect(lock.reseed(resource, 2n ** 60n)).rejects.toBeInstanceOf(RangeError);
  });
});

describe('mysql-get-lock', () => {
  const waiters = () => count(`information_schema.processlist WHERE state = 'User lock'`);

  it('leaves neither a lock nor a waiting connection when a waiter gives up', async () => {
    const resource = resourceName();
    const held = await hold(await openLock('mysql-get-lock'), resource, options);
    const waiting = (await openLock('mysql-get-lock')).withLock(resource, { ...options, wait: 300 }, nothing);
    await expect(waiting).rejects.toBeInstanceOf(LockWaitTimeoutError);
    await eventually('nobody waits', async () => (await waiters()) === 0);
    await held.release();
    expect(await ask('SELECT IS_USED_LOCK(?) AS connection', [`lock:${resource}`])).toEqual([
      { connection: null },
    ]);
  });

  it('lets callers that want each other’s lock wait: no connection ever holds one and wants another', async () => {
    const [lock, other] = [await openLock('mysql-get-lock'), await openLock('mysql-get-lock')];
    const [a, b] = [resourceName(), resourceName()];
    const crossed = await hold(other, b, options);
    const patient = lock.withLock(a, options, () => lock.withLock(b, options, async () => 'in'));
    await eventually('one waits', async () => (await waiters()) === 1);
    // On one connection this would be error 1213, or 3058 on MySQL.
    const impatient = other.withLock(a, { ...options, wait: 500 }, nothing);
    await expect(impatient).rejects.toBeInstanceOf(LockWaitTimeoutError);
    await crossed.release();
    expect(await patient).toBe('in');
  });

  it('counts the TTL from the grant, not from the beginning of a wait that outlasted it', async () => {
    const resource = resourceName();
    const ttl = 900;
    const held = await hold(await openLock('mysql-get-lock'), resource, { ...options, ttl });
    const waiting = hold(await openLock('mysql-get-lock'), resource, { ...options, ttl });
    await eventually('it waits', async () => (await waiters()) === 1);
    const outlasted = performance.now() + 2 * ttl;
    await eventually('the TTL is over twice', () => performance.now() > outlasted);
    await held.release();
    const next = await waiting;
    next.lease.throwIfLost();
    await next.release();
  });

  it('keeps resources apart that differ by case or behind the 64th character', async () => {
    const lock = await openLock('mysql-get-lock');
    const long = resourceName() + 'x'.repeat(100);
    const names = [`${long}1`, `${long}2`, ...['a', 'A', 'ä', 'Ä'].map((letter) => resourceName() + letter)];
    const same = [`case:${process.pid}`, `CASE:${process.pid}`];
    const held = await Promise.all([...names, ...same].map((resource) => hold(lock, resource, options)));
    await Promise.all(held.map((one) => one.release()));
  });

  it('takes one round trip to lock a free lock and one to release it', async () => {
    const { proxy, url } = await throughProxy();
    const lock = await openLock('mysql-get-lock', url);
    const resource = resourceName();
    await lock.withLock(resource, options, nothing); // connected, statements prepared
    const before = proxy.requests;
    for (let i = 0; i < 20; i++) await lock.withLock(resource, options, nothing);
    expect(proxy.requests - before).toBe(40);
  });
});
