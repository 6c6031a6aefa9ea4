import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivatePostgres } from '../../../local/services/postgres.js';
import { askRedis, startRedisProgram } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';

/** Servers that are there and refuse everybody, while an API and a worker run. */

const OTHER = 'another-password';
const SOUND = { oversold: 0, undersold: 0, lostUpdates: 0, conserved: true };
const patient = { timeout: 20_000, interval: 100 };

/** {@link KEYS} of them take 40 s, unless it is told to hurry; meanwhile it answers, every few keys. */
const SLOW_TO_LOAD = ['key-load-delay 5000', 'loading-process-events-interval-bytes 1024'];
const KEYS = 8_000;

let redis: Service;
let postgres: Service;
let admin: pg.Client;
let stack: Stack;
let shopper: Shopper;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([
    startRedisProgram({ directives: SLOW_TO_LOAD }),
    startPrivatePostgres(),
  ]);
  const stop = async () => void (await Promise.all([redis.stop(), postgres.stop()]));
  stack = new Stack({ redisUrl: redis.url, databaseUrl: postgres.url, stop });
  await stack.migrate();
  await stack.startApis(1);
  await stack.startWorkers(1);
  shopper = new Shopper(stack);
  admin = new pg.Client(postgres.url);
  await admin.connect();
}, 60_000);
afterAll(async () => {
  await admin.end();
  await stack.stop();
});

/** A server that refuses everybody for a while. */
interface Refusal {
  readonly what: string;
  readonly by: 'Redis' | 'Postgres';
  /** What readiness says, and what the log has. */
  readonly reason: string;
  readonly logged: RegExp;
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
}

const changedPassword: Refusal = {
  what: 'the password is another one',
  by: 'Redis',
  reason: 'refuses the password (WRONGPASS)',
  logged: /Redis refuses the password/,
  begin: () =>
    askRedis(redis.url, async (server) => {
      await server.config('SET', 'requirepass', OTHER);
      for (const type of ['normal', 'pubsub']) await server.call('CLIENT', 'KILL', 'TYPE', type);
    }),
  end: () =>
    askRedis(Object.assign(new URL(redis.url), { password: OTHER }).href, (server) =>
      server.config('SET', 'requirepass', new URL(redis.url).password),
    ),
};

const lostPermission: Refusal = {
  what: 'its user may not write',
  by: 'Redis',
  reason: 'refuses this client (NOPERM)',
  logged: /Redis refuses this client \(NOPERM\)/,
  begin: () => askRedis(redis.url, (server) => server.acl('SETUSER', 'default', '-@write')),
  end: () => askRedis(redis.url, (server) => server.acl('SETUSER', 'default', '+@all')),
};

const failingDisk: Refusal = {
  what: 'it cannot write to its disk',
  by: 'Redis',
  reason: 'cannot serve now (MISCONF)',
  logged: /Redis cannot serve now \(MISCONF\)/,
  begin: () =>
    askRedis(redis.url, async (server) => {
      await mkdir(await snapshotOf(server)); // which is to be a file
      await server.config('SET', 'save', '1 1');
      await untilSaved(server, 'err');
    }),
  end: () =>
    askRedis(redis.url, async (server) => {
      await rmdir(await snapshotOf(server));
      await untilSaved(server, 'ok');
    }),
};

const snapshotOf = async (server: Redis) => {
  const [, directory] = await server.config('GET', 'dir');
  const [, file] = await server.config('GET', 'dbfilename');
  return join(directory!, file!);
};

/** It tries again every five seconds. */
const untilSaved = (server: Redis, status: string) =>
  expect.poll(() => server.info('persistence'), patient).toContain(`rdb_last_bgsave_status:${status}`);

const slowStart: Refusal = {
  what: 'it reads its data',
  by: 'Redis',
  reason: 'cannot serve now (LOADING)',
  logged: /Redis cannot serve now \(LOADING\)/,
  begin: async () => {
    await askRedis(redis.url, async (server) => {
      await server.config('SET', 'save', '');
      await server.eval(FILL, 0, KEYS);
      await server.bgrewriteaof();
      await expect.poll(() => server.info('persistence'), patient).toContain('aof_rewrite_in_progress:0');
    });
    await redis.kill();
    starting = redis.start();
  },
  end: async () => {
    const server = new Redis(redis.url, { enableReadyCheck: false });
    await server.config('SET', 'key-load-delay', 0);
    server.disconnect();
    await starting;
  },
};
let starting: Promise<void>;
const FILL = `for i = 1, ARGV[1] do redis.call('SET', 'filler:' .. i, string.rep('x', 100)) end`;

const changedRole: Refusal = {
  what: 'the password is another one',
  by: 'Postgres',
  reason: 'refuses the password (28P01)',
  logged: /password authentication failed/,
  begin: async () => {
    await admin.query(`ALTER ROLE CURRENT_USER PASSWORD '${OTHER}'`);
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()`,
    );
  },
  end: () => admin.query(`ALTER ROLE CURRENT_USER PASSWORD '${new URL(postgres.url).password}'`),
};

const readOnly: Refusal = {
  what: 'it takes no writes',
  by: 'Postgres',
  reason: 'takes no writes',
  logged: /25006/,
  begin: () => setReadOnly('on'),
  end: () => setReadOnly('off'),
};

async function setReadOnly(value: 'on' | 'off') {
  await admin.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
  await admin.query('SELECT pg_reload_conf()');
}

const replicas = () => [...stack.apis, ...stack.workers];
const pids = () => replicas().map(({ pid }) => pid);
const logs = () => replicas().map(({ logFile }) => readFileSync(logFile, 'utf8'));
const readiness = () =>
  Promise.all(
    replicas().map(async ({ url }) => {
      const response = await fetch(`${url}/health/ready`);
      return `${response.status} ${await response.text()}`;
    }),
  );
const everyone = (matches: unknown) => replicas().map(() => matches);

/** Something that needs the server. */
const ask = {
  Redis: (saleId: string) => post(`/sales/${saleId}/checkouts`, { sku: 'hot', quantity: 1, buyerId: 'b' }),
  Postgres: () => post('/sales', { name: 'x', items: [{ sku: 'x', stock: 1 }] }),
};

const post = (path: string, body: object) =>
  fetch(stack.apiUrls[0] + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
      authorization: `Bearer ${stack.adminKey}`,
    },
    body: JSON.stringify(body),
  });

it.each([changedPassword, lostPermission, failingDisk, slowStart, changedRole, readOnly])(
  '$by, since $what: it is told, nobody ends, and what was ordered is settled once it serves again',
  async ({ by, reason, logged, begin, end }) => {
    const saleId = await shopper.openSale('redis', 100);
    await shopper.reserve(saleId);
    const running = pids();
    const before = logs().map(({ length }) => length);
    const written = () => logs().map((log, i) => log.slice(before[i]));
    let buying: Promise<unknown[]>;
    await begin();
    try {
      await expect.poll(readiness, patient).toEqual(everyone(expect.stringContaining(reason)));
      expect(await readiness()).toEqual(everyone(expect.stringMatching(/^503/)));
      const refused = await ask[by](saleId);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('1');
      buying = shopper.stampede(saleId, 30); // any other answer than accepted or 503 fails it
      await expect.poll(written, patient).toEqual(everyone(expect.stringMatching(logged)));
      await Promise.race([buying, sleep(2_000)]); // without Postgres they are accepted meanwhile
    } finally {
      await end();
    }
    await expect.poll(readiness, patient).toEqual(everyone(expect.stringMatching(/^200/)));
    expect(await buying).toHaveLength(30);
    expect(await shopper.drained(saleId, patient.timeout)).toMatchObject({ held: 31, ...SOUND });
    expect(pids()).toEqual(running);
  },
  90_000,
);

const refuseWrites = (code: string) =>
  admin.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '${code}'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON orders EXECUTE FUNCTION refuse()`);

const jobs = async (state: string) => {
  const metrics = await (await fetch(`${stack.apiUrls[0]}/metrics`)).text();
  return Number(new RegExp(`^queue_jobs{state="${state}"} (\\d+)$`, 'm').exec(metrics)![1]);
};

it.each([
  ['its disk is full', '53100'],
  ['it has not the permission', '42501'],
])(
  'a worker whose Postgres answers, and refuses each write since %s, leaves what comes in the queue',
  async (_, code) => {
    const saleId = await shopper.openSale('redis', 100);
    await shopper.reserve(saleId);
    await refuseWrites(code);
    try {
      await shopper.checkout(saleId, 'first');
      await expect.poll(() => jobs('delayed'), patient).toBeGreaterThan(0); // it has failed
      await shopper.stampede(saleId, 5, 1);
      await sleep(2_000);
      expect(await jobs('waiting')).toBeGreaterThanOrEqual(5);
    } finally {
      await admin.query('DROP FUNCTION refuse CASCADE');
    }
    expect(await shopper.drained(saleId)).toMatchObject({ held: 7, ...SOUND });
  },
  60_000,
);
