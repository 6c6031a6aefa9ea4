import { migrate } from '@app/database';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { Feed, NotInFeedError, type OrderEvent } from '../src/index.js';
import { WrittenOrders } from './support/written-orders.js';

const pool = new pg.Pool({ connectionString: inject('databaseUrl'), max: 30 });
const feed = new Feed(pool);
let orders: WrittenOrders;
beforeAll(() => migrate(inject('databaseUrl')));
beforeEach(() => void (orders = new WrittenOrders(pool)));
afterAll(() => pool.end());

/** Reads to the end of the feed, a few events at a time. */
async function readOn(after: number, limit = 3): Promise<{ events: OrderEvent[]; next: number }> {
  const page = await feed.read(after, limit);
  if (!page.more) return { events: [...page.events], next: page.next };
  const rest = await readOn(page.next, limit);
  return { events: [...page.events, ...rest.events], next: rest.next };
}
const end = async () => {
  await feed.publish();
  return (await readOn((await feed.read(undefined, 1)).next, 10_000)).next;
};

it('tells all events, numbered without a gap, page by page, also out of the middle of a batch', async () => {
  const begin = await end();
  const ids = await orders.reserve(7);
  await orders.pay(ids.slice(0, 2));
  await feed.publish();
  const { events, next } = await readOn(begin);
  expect(events.map(({ number }) => number)).toEqual(Array.from({ length: 9 }, (_, i) => begin + 1 + i));
  expect(events.map(({ type }) => type)).toEqual([
    ...ids.map(() => 'order.reserved'),
    'order.paid',
    'order.paid',
  ]);
  // Which orders of one statement come first is the plan's choice.
  const told = events.map(({ orderId }) => orderId);
  expect(told.slice(0, 7).toSorted()).toEqual(ids.toSorted());
  expect(told.slice(7).toSorted()).toEqual(ids.slice(0, 2).toSorted());
  expect(next).toBe(begin + 9);
  expect(await feed.read(next, 10)).toEqual({ events: [], next, more: false });
});

it('loses nothing that commits late, though what was written after it was read before', async () => {
  const begin = await end();
  const late = await pool.connect();
  await late.query('BEGIN');
  const [first] = await orders.reserve(1, late); // has the lower id in the outbox
  const [second] = await orders.reserve(1);
  await feed.publish();
  const early = await readOn(begin);
  expect(early.events.map(({ orderId }) => orderId)).toEqual([second]);
  await late.query('COMMIT');
  late.release();
  await feed.publish();
  expect((await readOn(early.next)).events.map(({ orderId }) => orderId)).toEqual([first]);
});

it('keeps the order of each order, and the numbers, though many write and many publish', async () => {
  const begin = await end();
  const written = new AbortController();
  const publishers = Array.from({ length: 4 }, async () => {
    while (!written.signal.aborted) await feed.publish();
  });
  const follower = (async () => {
    const seen: OrderEvent[] = [];
    for (let next = begin; !written.signal.aborted || (await feed.read(next, 1)).more;) {
      const page = await feed.read(next, 50);
      seen.push(...page.events);
      next = page.next;
    }
    return seen;
  })();
  const writers = Array.from({ length: 8 }, async () => {
    const payer = await pool.connect();
    for (let i = 0; i < 20; i++) {
      await payer.query('BEGIN');
      await payer.query('SELECT pg_current_xact_id()'); // it has the lower transaction id
      await orders.pay(await orders.reserve(3), payer);
      await payer.query('COMMIT');
    }
    payer.release();
  });
  await Promise.all(writers);
  await feed.publish();
  written.abort();
  await Promise.all(publishers);
  const seen = await follower;
  expect(seen.map(({ number }) => number)).toEqual(Array.from({ length: 960 }, (_, i) => begin + 1 + i));
  const typesOf = new Map<string, string[]>();
  for (const { orderId, type } of seen) typesOf.set(orderId, [...(typesOf.get(orderId) ?? []), type]);
  expect(typesOf.size).toBe(480);
  for (const types of typesOf.values()) expect(types).toEqual(['order.reserved', 'order.paid']);
}, 60_000);

it('says so where it cannot go on: what comes next is deleted, or was never there', async () => {
  await orders.reserve(2);
  const last = await end();
  await pool.query(`UPDATE outbox SET at = at - interval '3 hours'`);
  const kept = await orders.reserve(1);
  await feed.publish();
  await feed.trim(2);
  await expect(feed.read(last - 1, 10)).rejects.toBeInstanceOf(NotInFeedError);
  await expect(feed.read(last + 2, 10)).rejects.toBeInstanceOf(NotInFeedError);
  expect((await feed.read(undefined, 10)).events.map(({ orderId }) => orderId)).toEqual(kept);
});
