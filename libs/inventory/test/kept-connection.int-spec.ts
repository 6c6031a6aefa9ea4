import { dataSourceOptions, poolOf } from '@app/database';
import type { Pool } from 'pg';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { KeptConnection } from '../src/throughput/kept-connection.js';

let dataSource: DataSource;
let pool: Pool;
beforeAll(async () => {
  const options = dataSourceOptions({ url: inject('databaseUrl'), poolSize: 4, applicationName: 'test' });
  dataSource = await new DataSource(options).initialize();
  pool = poolOf(dataSource);
});
afterAll(() => dataSource.destroy());
afterEach(async () => {
  await nextTurn();
  expect(pool.idleCount, 'connections that are back').toBe(pool.totalCount);
});

const SERVED_BY = { text: 'SELECT pg_backend_pid() AS pid' };

it('serves statements that follow each other, and goes back with the turn of the event loop', async () => {
  const connection = new KeptConnection(pool);
  let lent = 0;
  pool.on('acquire', () => lent++);
  const pids = new Set<number>();
  for (let i = 0; i < 5; i++) pids.add((await connection.query<{ pid: number }>(SERVED_BY)).rows[0]!.pid);
  expect(pids.size).toBe(1);
  expect(lent).toBe(1);
  await nextTurn();
  expect(pool.idleCount).toBe(pool.totalCount);
  await connection.query(SERVED_BY);
  expect(lent).toBe(2);
});

it('leaves a statement that comes while another one is under way to the pool', async () => {
  const connection = new KeptConnection(pool);
  const slow = { text: 'SELECT pg_backend_pid() AS pid, pg_sleep(0.05)' };
  const answers = await Promise.all([1, 2, 3].map(() => connection.query<{ pid: number }>(slow)));
  expect(new Set(answers.map(({ rows }) => rows[0]!.pid)).size).toBe(3);
});

it('is not kept from others who wait for one', async () => {
  const connections = Array.from({ length: 4 }, () => new KeptConnection(pool)); // as many as there are
  const end = new AbortController();
  const working = connections.map(async (connection) => {
    while (!end.signal.aborted) await connection.query(SERVED_BY);
  });
  await expect(pool.query(SERVED_BY)).resolves.toMatchObject({ rowCount: 1 });
  end.abort();
  await Promise.all(working);
});

it.each([
  ['a refused statement', 'SELECT 1 / 0', /division by zero/],
  ['the loss of its connection', 'SELECT pg_terminate_backend(pg_backend_pid())', /terminat/],
])('goes on after %s', async (_, text, reason) => {
  const connection = new KeptConnection(pool);
  await connection.query(SERVED_BY);
  await expect(connection.query({ text })).rejects.toThrow(reason);
  expect((await connection.query(SERVED_BY)).rowCount).toBe(1);
});

it('survives the loss of its connection between two statements', async () => {
  const connection = new KeptConnection(pool);
  let lost!: { readonly connection: { readonly stream: Socket } };
  pool.once('acquire', (client) => (lost = client as unknown as typeof lost));
  await connection.query(SERVED_BY);
  lost.connection.stream.destroy(new Error('lost'));
  await new Promise<void>((resolve) => process.nextTick(resolve));
  await expect(connection.query(SERVED_BY)).rejects.toThrow(/not queryable/);
  expect((await connection.query(SERVED_BY)).rowCount).toBe(1);
});
