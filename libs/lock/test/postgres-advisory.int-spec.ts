import { TcpProxy } from '@app/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, expect, inject, it } from 'vitest';
import {
  createLockDriver,
  Lock,
  LockBackendUnavailableError,
  LockLostError,
  LockWaitTimeoutError,
  type LockDriver,
} from '../src/index.js';
import { eventually } from './support/eventually.js';
import { hold } from './support/hold.js';

const url = inject('databaseUrl');
const options = { ttl: 5_000, wait: 10_000 };
const notAborted = () => new AbortController().signal;
const nothing = async () => undefined;

const admin = new pg.Pool({ connectionString: url });
afterAll(() => admin.end());

const drivers: LockDriver[] = [];
const open = async (to = url) => {
  const driver = await createLockDriver('postgres-advisory', { postgres: to });
  drivers.push(driver);
  return driver;
};
const openLock = async (to?: string) => new Lock(await open(to));
afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.close()));
  await eventually('the sessions of closed drivers are gone', async () => (await sessions()) === 0);
});

let n = 0;
const resourceName = () => `postgres-advisory:${process.pid}:${Date.now()}:${++n}`;

async function count(sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await admin.query<{ count: string }>(`SELECT count(*) ${sql}`, values);
  return Number(rows[0]!.count);
}
const sessions = () => count(`FROM pg_stat_activity WHERE application_name = 'lock'`);
const OURS = `
  FROM pg_locks
  WHERE locktype = 'advisory'
    AND (classid::bigint << 32) | objid::bigint = hashtextextended('lock:' || $1, 0)`;
const holders = (resource: string) => count(`${OURS} AND granted`, [resource]);
const waiters = (resource: string) => count(`${OURS} AND NOT granted`, [resource]);

it('aborts the lease at once when an operator ends its session, and frees the lock', async () => {
  const resource = resourceName();
  const held = await hold(await openLock(), resource, { ...options, ttl: 60_000 });
  const { rowCount } = await admin.query(`SELECT pg_terminate_backend(pid) ${OURS}`, [resource]);
  expect(rowCount).toBe(1);
  // Its watchdog would ask after 20 s.
  await eventually('the lease is aborted', () => held.lease.signal.aborted);
  expect(held.lease.signal.reason).toBeInstanceOf(LockLostError);
  await expect(held.release()).rejects.toBeInstanceOf(LockLostError);
  expect(await (await openLock()).withLock(resource, options, async () => 'in')).toBe('in');
});

it('leaves neither a lock nor a waiting session when a waiter gives up', async () => {
  const resource = resourceName();
  const held = await hold(await openLock(), resource, options);
  const waiting = (await openLock()).withLock(resource, { ...options, wait: 300 }, nothing);
  await expect(waiting).rejects.toBeInstanceOf(LockWaitTimeoutError);
  await eventually('nobody waits', async () => (await waiters(resource)) === 0);
  await held.release();
  expect(await holders(resource)).toBe(0);
});

it('asks for no lock that was released, nor releases it, once its session serves somebody else', async () => {
  const resource = resourceName();
  const driver = await open();
  const request = { ttl: 5_000, signal: notAborted() };
  const before = await driver.acquire(resource, request);
  expect(await before.release()).toBe(true);
  const now = await driver.acquire(resource, request);
  expect(await sessions()).toBe(1);
  expect(await before.extend!(5_000)).toBe(false);
  expect(await before.release()).toBe(false);
  expect(await now.extend!(5_000)).toBe(true);
  expect(await holders(resource)).toBe(1);
  expect(await now.release()).toBe(true);
});

it('releases while its watchdog asks', async () => {
  const resource = resourceName();
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const grant = await (await open()).acquire(resource, { ttl: 5_000, signal: notAborted() });
  expect(await Promise.all([grant.extend!(5_000), grant.extend!(4_000), grant.release()])).toEqual([
    true,
    true,
    true,
  ]);
  expect(await holders(resource)).toBe(0);
  process.off('warning', note);
  expect(warnings).toEqual([]);
});

it('counts the TTL from the grant, not from the beginning of a wait that outlasted it', async () => {
  const resource = resourceName();
  const ttl = 900;
  const held = await hold(await openLock(), resource, { ...options, ttl });
  const waiting = hold(await openLock(), resource, { ...options, ttl });
  await eventually('it waits', async () => (await waiters(resource)) === 1);
  const outlasted = performance.now() + 2 * ttl;
  await eventually('the TTL is over twice', () => performance.now() > outlasted);
  await held.release();
  const next = await waiting;
  expect(next.lease.signal.aborted).toBe(false);
  next.lease.throwIfLost();
  await next.release();
});

it('is not disturbed by time-outs that the server, the database or the role sets', async () => {
  const settings = ['lock_timeout', 'statement_timeout', 'idle_session_timeout'].map(
    (name) => `-c ${name}=200`,
  );
  const impatient = new URL(url);
  impatient.searchParams.set('options', settings.join(' '));
  const lock = await openLock(impatient.href);
  const resource = resourceName();
  const held = await hold(lock, resource, { ttl: 60_000, wait: 5_000 }); // silent until its watchdog asks
  const waiting = (await openLock(impatient.href)).withLock(resource, options, async () => 'in');
  const outlasted = performance.now() + 1_000;
  await eventually('each time-out is over', () => performance.now() > outlasted);
  expect(await waiters(resource)).toBe(1);
  await held.release();
  expect(await waiting).toBe('in');
});

it('goes on waiting when the server takes no more connections', async () => {
  const [role, password] = [`lonely_${process.pid}_${Date.now()}`, randomUUID()];
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}' CONNECTION LIMIT 1`);
  try {
    const lonely = Object.assign(new URL(url), { username: role, password });
    const resource = resourceName();
    const held = await hold(await openLock(), resource, options);
    const waiting = (await openLock(lonely.href)).withLock(resource, options, async () => 'in');
    const looked = performance.now() + 4_000;
    await eventually('it has looked whether the server still answers', () => performance.now() > looked);
    await held.release();
    expect(await waiting).toBe('in');
  } finally {
    await Promise.all(drivers.splice(0).map((driver) => driver.close()));
    await eventually('its session has ended', async () => (await sessions()) === 0);
    await admin.query(`DROP ROLE ${role}`);
  }
});

it('needs one session for a crowd that wants one resource, and a bounded number for many resources', async () => {
  const lock = await openLock();
  const [resource, many] = [resourceName(), Array.from({ length: 50 }, resourceName)];
  await Promise.all(Array.from({ length: 200 }, () => lock.withLock(resource, options, nothing)));
  expect(await sessions()).toBe(1);
  let most = 0;
  const watch = async () => void (most = Math.max(most, await sessions()));
  await Promise.all(many.map((name) => lock.withLock(name, options, watch)));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
  expect(await count(`FROM pg_locks WHERE locktype = 'advisory'`)).toBe(0);
});

it('takes one round trip to lock a free lock and one to release it', async () => {
  const proxy = await TcpProxy.before(url);
  const lock = await openLock(proxy.leadingTo(url));
  const resource = resourceName();
  await lock.withLock(resource, options, nothing); // connected, statements prepared
  const before = proxy.requests;
  for (let i = 0; i < 20; i++) await lock.withLock(resource, options, nothing);
  expect(proxy.requests - before).toBe(40);
  await proxy.close();
});

it('says that the store does not answer when it cannot be reached', async () => {
  const waiting = (await openLock('postgres://nobody@127.0.0.1:1/none')).withLock('r', options, nothing);
  await expect(waiting).rejects.toBeInstanceOf(LockBackendUnavailableError);
});
