import { migrate } from '@app/database';
import { STRATEGY_NAMES } from '@app/inventory';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeHistory } from '../../../local/history/history.js';
import { askPostgres, startPrivatePostgres } from '../../../local/services/postgres.js';
import { startPrivateRedis } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { lockServersOf } from '../../../local/stack/lock-servers.js';
import { Stack } from '../../../local/stack/stack.js';
import { EXPLAIN_ALL, scansIn, type Scan } from './support/explained.js';
import { Journey } from './support/journey.js';

/** 200,000 orders, and 760,000 rows of what came of them. */
const HISTORY = { sales: 2_000, skus: 5, orders: 20 };

/** Tables that do not grow with what is sold. */
const SMALL = ['feed', 'webhooks', 'held_events', 'archived_sales', 'migrations'];

/**
 * What a scan may look at: what it finds in one sale, or in one round of work, is less. A grown table and each of its indexes is more.
 * Each row may be in a block of its own, and so may its entry.
 */
const MOST_ROWS = 1_000;
const MOST_BLOCKS = 200;

const STAMPEDE = 500;
/** After a checkpoint the first change of a page writes all of it into the log. */
const PAGE_BYTES = 8_192;

/** Those that need no further server; the others send the same statements. */
const STRATEGIES = STRATEGY_NAMES.filter((name) => lockServersOf([name]).length === 0);

let postgres: Service;
let redis: Service;
let stack: Stack;
let journey: Journey;
let grown: Set<string>;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPrivatePostgres(), startPrivateRedis()]);
  await migrate(postgres.url);
  await writeHistory(postgres.url, HISTORY);
  grown = await explainAll(postgres.url);
  const env = { SWEEP_INTERVAL_MS: '500', PAYMENT_TIMEOUT_MS: '500', WEBHOOK_MAX_ATTEMPTS: '1' };
  stack = new Stack({ databaseUrl: postgres.url, redisUrl: redis.url, stop: async () => undefined }, env);
  await stack.startApis(1);
  await stack.startWorkers(2);
  journey = new Journey(stack);
}, 180_000);
afterAll(async () => {
  journey.stop();
  await Promise.all([postgres.stop(), redis.stop()]);
});

/** Makes a sale larger than any that Postgres has counted: by reservations that do not end now. */
const crowded = (saleId: string) =>
  askPostgres(
    postgres.url,
    `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at, expires_at)
     SELECT gen_random_uuid(), $1, 'hot', 'crowd-' || n, 1, 'reserved', 'key', now(), now() + interval '1 hour'
     FROM generate_series(1, $2::int) AS n`,
    [saleId, 2 * MOST_ROWS],
  );

/** Bytes that this server has ever written into its log. */
async function logBytes(): Promise<number> {
  const sql = `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes`;
  const [row] = await askPostgres<{ bytes: string }>(postgres.url, sql);
  return Number(row!.bytes);
}

/** Returns the tables that have many rows. */
async function explainAll(url: string): Promise<Set<string>> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; rows: number }>(`
      SELECT relname AS name, reltuples AS rows FROM pg_class
      WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'payment_provider'::regnamespace)`);
    const tables = rows.filter((each) => each.rows > MOST_ROWS).map(({ name }) => name);
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set([...tables, ...SMALL]));
    const database = pg.escapeIdentifier(new URL(url).pathname.slice(1));
    for (const [name, value] of EXPLAIN_ALL)
      await client.query(`ALTER DATABASE ${database} SET ${name} = ${pg.escapeLiteral(value)}`);
    return new Set(tables);
  } finally {
    await client.end();
  }
}

describe('beside the orders of years', () => {
  it.each(STRATEGIES)(
    'a sale is sold, paid, changed and looked at: %s',
    (name) => journey.sale(name),
    60_000,
  );
  it('a sale in stripes, too', () => journey.sale('redis', 4), 60_000);
  it(
    'reservations expire among others',
    () => Promise.all(STRATEGIES.map((name) => journey.expiry(name, crowded))),
    60_000,
  );
  it('buyers wait', () => journey.waitingRoom());
  it('events are told', () => journey.events(), 60_000);
  it('dead letters are dealt with', () => journey.deadLetters(), 60_000);

  it('orders of a stampede share the pages that they change', async () => {
    await askPostgres(postgres.url, 'CHECKPOINT');
    const before = await logBytes();
    await journey.stampede(STAMPEDE);
    const perOrder = ((await logBytes()) - before) / STAMPEDE;
    expect(perOrder).toBeLessThan(PAGE_BYTES);
  }, 60_000);

  it('every route was called', async () => {
    const document = (await (await fetch(`${stack.apiUrls[0]}/docs-json`)).json()) as {
      paths: Record<string, object>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.filter((route) => !journey.visited.has(route))).toEqual([]);
  });
});

describe('all statements that were sent meanwhile', () => {
  let scans: Scan[];
  let statements: Set<string>;
  beforeAll(async () => {
    await stack.stop();
    ({ scans, statements } = await scansIn(postgres.log!));
  });

  it('were seen', () => {
    const seen = (pattern: RegExp) => [...statements].some((statement) => pattern.test(statement));
    const some = [
      /INSERT INTO orders/,
      /INSERT INTO payments/,
      /outbox SET last_number/,
      /WITH RECURSIVE limits/,
    ];
    expect(some.filter((pattern) => !seen(pattern))).toEqual([]);
  });

  it('find their rows by an index, and read few', () => {
    const dear = scans.filter(
      ({ table, type, rows, blocks }) =>
        grown.has(table) && (type === 'Seq Scan' || rows > MOST_ROWS || blocks > MOST_BLOCKS + 2 * rows),
    );
    const lines = dear.map(
      ({ table, type, rows, blocks, statement }) =>
        `${type} of ${table}, ${rows} rows, ${blocks} blocks: ${statement.slice(0, 300)}`,
    );
    expect([...new Set(lines)]).toEqual([]);
  });
});
