import { migrate } from '@app/database';
import { WebhookReceiver } from '@app/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Deliveries, Feed, Webhooks } from '../src/index.js';
import { WrittenOrders } from './support/written-orders.js';

const pool = new pg.Pool({ connectionString: inject('databaseUrl'), max: 20 });
const feed = new Feed(pool);
const webhooks = new Webhooks(pool);
const never = new AbortController().signal;
const patient = { timeout: 20_000, interval: 50 };
const RESERVED_AND_PAID = ['order.reserved', 'order.paid'];

let orders: WrittenOrders;
const opened: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  await migrate(inject('databaseUrl'));
  await pool.query('TRUNCATE webhooks CASCADE');
});
beforeEach(() => void (orders = new WrittenOrders(pool)));
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});
afterAll(() => pool.end());

/** An endpoint that hears of what is written from now on. */
async function receiver(behaviour?: WebhookReceiver['behaviour'], types?: ['order.paid']) {
  const endpoint = await WebhookReceiver.listening(behaviour);
  opened.push(() => endpoint.close());
  await feed.publish();
  const { id, secret } = (await webhooks.create('ann', { url: endpoint.url, types }))!;
  opened.push(() => webhooks.remove('ann', id));
  endpoint.secret = secret;
  return { endpoint, id };
}

const deliveries = (maxAttempts = 20, timeout = 1_000) => new Deliveries(pool, { timeout, maxAttempts });

/** What a worker does, until it is told to end. */
function relay(by = deliveries()) {
  const ending = new AbortController();
  const work = async (turnOf: () => ReturnType<Deliveries['begin']>): Promise<void> => {
    await Promise.all((await turnOf()).map((turn) => by.round(turn, ending.signal)));
  };
  const working = (async () => {
    while (!ending.signal.aborted) {
      await feed.publish();
      const turns = await by.begin();
      for (const turn of turns) void by.round(turn, ending.signal).then(() => work(() => by.begin(turn.id)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const end = async () => {
    ending.abort();
    await working;
  };
  opened.push(end);
  return { end };
}
const makeDue = (id: string) =>
  pool.query(`UPDATE held_events SET due_at = clock_timestamp() WHERE webhook_id = $1`, [id]);

it('sends each event, signed, those of an order in their order, and several at a time', async () => {
  const { endpoint, id } = await receiver(() => ({ status: 204, afterMs: 20 }));
  const ids = await orders.reserve(100);
  await orders.pay(ids);
  relay();
  await expect.poll(() => endpoint.accepted.length, patient).toBe(200);
  expect([...endpoint.byOrder.keys()].sort()).toEqual([...ids].sort());
  for (const types of endpoint.byOrder.values()) expect(types).toEqual(RESERVED_AND_PAID);
  expect(endpoint.distinct).toHaveLength(200);
  expect(endpoint.forged).toEqual([]);
  expect(endpoint.mostAtOnce).toBeGreaterThan(1);
  await expect
    .poll(() => webhooks.find(id), patient)
    .toMatchObject({ behind: 0, held: 0, dead: 0, failing: false });
});

it('sends the types that are wanted, and goes on behind the others', async () => {
  const { endpoint, id } = await receiver(undefined, ['order.paid']);
  const ids = await orders.reserve(5);
  await orders.pay(ids.slice(0, 2));
  relay();
  await expect
    .poll(() => endpoint.accepted.map(({ type }) => type), patient)
    .toEqual(['order.paid', 'order.paid']);
  await expect.poll(() => webhooks.find(id), patient).toMatchObject({ behind: 0, held: 0 });
});

it('signs by the new secret and by the one before', async () => {
  const { endpoint, id } = await receiver();
  const [before] = [endpoint.secret];
  endpoint.secret = (await webhooks.changeSecret('ann', id))!;
  await orders.reserve(1);
  relay();
  await expect.poll(() => endpoint.accepted.length, patient).toBe(1);
  endpoint.secret = before;
  await orders.reserve(1);
  await expect.poll(() => endpoint.accepted.length, patient).toBe(2);
  expect(endpoint.forged).toEqual([]);
});

describe('an order whose event is refused', () => {
  it('is what its webhook is behind by, though nothing new waits, until it is accepted', async () => {
    let refuses = true;
    const { endpoint, id } = await receiver(() => (refuses ? 503 : 200));
    await orders.reserve(1);
    relay();
    await expect.poll(() => webhooks.find(id), patient).toMatchObject({ behind: 0, held: 1 });
    const { lagSeconds } = (await webhooks.find(id))!;
    await expect.poll(async () => (await webhooks.find(id))!.lagSeconds, patient).toBeGreaterThan(lagSeconds);
    expect(lagSeconds).toBeGreaterThan(0);
    refuses = false;
    await makeDue(id);
    await expect.poll(() => endpoint.accepted.length, patient).toBe(1);
    await expect.poll(() => webhooks.find(id), patient).toMatchObject({ lagSeconds: 0, held: 0 });
  });

  it.each([500, 400, 302, 'reset', 'silent'] as const)(
    'by %s waits, with those behind it, and holds nobody else up',
    async (answer) => {
      let refused = '';
      const { endpoint, id } = await receiver(({ data }) => (data.orderId === refused ? answer : 200));
      const ids = await orders.reserve(20);
      refused = ids[3]!;
      await orders.pay(ids);
      relay();
      await expect.poll(() => endpoint.accepted.length, patient).toBe(38);
      const isRefused = ({ data }: { data: { orderId: string } }) => data.orderId === refused;
      expect(new Set(endpoint.arrivals.filter(isRefused).map(({ type }) => type))).toEqual(
        new Set(['order.reserved']),
      );
      await expect.poll(() => webhooks.find(id), patient).toMatchObject({ behind: 0, held: 1 });
      refused = '';
      await makeDue(id);
      await expect.poll(() => endpoint.byOrder.get(ids[3]!), patient).toEqual(RESERVED_AND_PAID);
      await expect.poll(() => webhooks.find(id), patient).toMatchObject({ held: 0, dead: 0 });
    },
    60_000,
  );

  it('is tried again by itself, with longer and longer pauses', async () => {
    let failures = 2;
    const { endpoint } = await receiver(() => (failures-- > 0 ? 503 : 200));
    await orders.reserve(1);
    relay();
    await expect.poll(() => endpoint.accepted.length, patient).toBe(1);
    expect(endpoint.arrivals).toHaveLength(3);
  });

  it('is a dead letter in the end, keeps its later events, and is sent again in order when somebody wants it', async () => {
    let refused: string | undefined;
    const { endpoint, id } = await receiver(({ data }) => (data.orderId === refused ? 500 : 200));
    const [first, other] = await orders.reserve(2);
    refused = first;
    relay(deliveries(2));
    await expect.poll(() => webhooks.find(id), patient).toMatchObject({ dead: 1, held: 0 });
    await orders.pay([first!, other!]);
    await expect.poll(() => endpoint.byOrder.get(other!), patient).toEqual(RESERVED_AND_PAID);
    await expect
      .poll(async () => (await webhooks.deadOrders(id, 10))[0]?.events.map(({ type }) => type), patient)
      .toEqual(RESERVED_AND_PAID);
    expect(await webhooks.deadOrders(id, 10)).toMatchObject([
      { orderId: first, attempts: 2, error: 'answered 500' },
    ]);
    expect(endpoint.byOrder.has(first!)).toBe(false);
    refused = undefined;
    expect(await webhooks.retry('ann', id)).toBe(1);
    await expect.poll(() => endpoint.byOrder.get(first!), patient).toEqual(RESERVED_AND_PAID);
    await expect.poll(() => webhooks.find(id), patient).toMatchObject({ dead: 0, held: 0 });
  }, 60_000);

  it('loses what it had when somebody discards it, and nothing that follows', async () => {
    let refuses = true;
    const { endpoint, id } = await receiver(() => (refuses ? 500 : 200));
    const [orderId] = await orders.reserve(1);
    relay(deliveries(1));
    await expect.poll(() => webhooks.find(id), patient).toMatchObject({ dead: 1 });
    refuses = false;
    await webhooks.discard('ann', id, orderId!);
    await orders.pay([orderId!]);
    await expect.poll(() => endpoint.byOrder.get(orderId!), patient).toEqual(['order.paid']);
  });
});

it('a webhook that never answers, or is not there, costs the others nothing', async () => {
  const silent = await receiver(() => 'silent');
  const gone = await receiver();
  await gone.endpoint.close();
  opened.splice(-2, 1); // it is closed
  const { endpoint } = await receiver();
  const ids = await orders.reserve(200);
  relay(deliveries(20, 60_000)); // so long would be waited for the silent one
  await expect.poll(() => endpoint.accepted.length, patient).toBe(200);
  expect(silent.endpoint.arrivals.length).toBeLessThanOrEqual(64);
  expect(new Set(endpoint.byOrder.keys())).toEqual(new Set(ids));
});

it('after an outage a webhook gets all that it missed, and was not asked for much meanwhile', async () => {
  let down = true;
  const { endpoint, id } = await receiver(() => (down ? 503 : 200));
  const ids = await orders.reserve(300);
  relay();
  await expect.poll(() => webhooks.find(id), patient).toMatchObject({ failing: true });
  await orders.pay(ids);
  const before = endpoint.arrivals.length;
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(endpoint.arrivals.length - before).toBeLessThan(100);
  down = false;
  await expect.poll(() => endpoint.distinct.length, { timeout: 40_000 }).toBe(600);
  for (const types of endpoint.byOrder.values()) expect(types).toEqual(RESERVED_AND_PAID);
}, 60_000);

describe('a turn', () => {
  it('is one process’s alone, until its time is over; who comes late changes nothing', async () => {
    const { endpoint, id } = await receiver();
    await orders.reserve(1);
    await feed.publish();
    const [first] = await deliveries().begin(id);
    expect(await deliveries().begin(id)).toEqual([]);
    await pool.query('UPDATE webhooks SET busy_until = clock_timestamp() WHERE id = $1', [id]); // as after a crash
    const [second] = await deliveries().begin(id);
    const failing = { ...first!, url: 'http://127.0.0.1:1/' };
    await deliveries().round(failing, never);
    expect(await webhooks.find(id)).toMatchObject({ behind: 1, held: 0 });
    await deliveries().round(second!, never);
    expect(await webhooks.find(id)).toMatchObject({ behind: 0, held: 0 });
    expect(endpoint.accepted).toHaveLength(1);
  });

  it('that is cut off leaves what nobody knows about to the next one, at once, and counts no failure', async () => {
    let silent = true;
    const { endpoint, id } = await receiver(({ data }) => (silent && data.orderId === slow ? 'silent' : 200));
    const [slow, fast] = await orders.reserve(2);
    await orders.pay([slow!]);
    await feed.publish();
    const ending = new AbortController();
    const [turn] = await deliveries(1, 20_000).begin(id);
    const ended = deliveries(1, 20_000).round(turn!, ending.signal);
    await expect.poll(() => endpoint.arrivals.length, patient).toBe(2);
    await expect.poll(() => endpoint.accepted.length, patient).toBe(1);
    ending.abort();
    await ended;
    expect(endpoint.accepted.map(({ data }) => data.orderId)).toEqual([fast]);
    expect(await webhooks.find(id)).toMatchObject({ behind: 0, held: 1, dead: 0 });
    silent = false;
    const [next] = await deliveries().begin(id);
    await deliveries().round(next!, never);
    expect(endpoint.byOrder.get(slow!)).toEqual(RESERVED_AND_PAID);
    expect(await webhooks.find(id)).toMatchObject({ held: 0 });
  });
});

it('keeps events that a webhook has not accepted, however old they are', async () => {
  const { id } = await receiver();
  await orders.reserve(3);
  await feed.publish();
  await pool.query(`UPDATE outbox SET at = at - interval '30 days'`);
  await feed.trim(1);
  const { position } = (await webhooks.find(id))!;
  expect((await feed.read(position, 10)).events).toHaveLength(3);
  await webhooks.remove('ann', id);
  await feed.trim(1);
  await expect(feed.read(position, 10)).rejects.toThrow('outside');
});
