import { expect, it } from 'vitest';
import { coresAt, limitsOf, lowest, wallsOf, type Measured } from './model.js';

const measured: Measured = {
  order: { api: 100, worker: 40, redis: 20, postgres: 40, sender: 0 },
  rareOrder: { api: 200, worker: 300, redis: 100, postgres: 400, sender: 0 },
  refusal: { api: 50, worker: 0, redis: 0, postgres: 0, sender: 0 },
  busy: 1,
  sectionMicros: 50,
  commits: 0.1,
  commitMicros: 1_000,
  connections: 100,
  connectionsOfApi: 10,
  connectionsOfWorker: 5,
};
const place = { cores: 2, apis: 1, workers: 1, refusals: 0 };

it('shares the cores among all parts and who sends', () => {
  expect(lowest(limitsOf(measured, place))).toEqual({ what: '2 cores', ordersPerSecond: 10_000 });
  const sending = limitsOf({ ...measured, order: { ...measured.order, sender: 160 } }, place);
  expect(sending[0]).toEqual({ what: '2 cores', ordersPerSecond: 2e6 / 360 });
  expect(limitsOf({ ...measured, busy: 0.9 }, place)[0]).toEqual({ what: '2 cores', ordersPerSecond: 9_000 });
});

it('finds the part that is full before the cores are', () => {
  expect(lowest(limitsOf(measured, { ...place, cores: 16 })).what).toBe('the event loop of 1 x API');
  const many = { ...place, cores: 64, apis: 16, workers: 16 };
  expect(lowest(limitsOf(measured, many))).toEqual({ what: "the SKU's lock", ordersPerSecond: 20_000 });
});

it('counts orders among refusals as they come: with few others', () => {
  const stampede = { ...place, apis: 2, refusals: 20 };
  expect(lowest(limitsOf(measured, stampede))).toEqual({ what: '2 cores', ordersPerSecond: 1_000 });
});

it('counts the refusals that come with each order', () => {
  expect(coresAt(measured, { refusals: 18 }, 1_000)).toEqual({
    api: 1,
    worker: 0.04,
    redis: 0.02,
    postgres: 0.04,
    sender: 0,
  });
});

it('tells which wall stands first', () => {
  expect(wallsOf(measured, { refusals: 0 })).toEqual([
    { what: 'one disk: flushes one after the other', ordersPerSecond: 10_000 },
    { what: 'one SKU: its lock', ordersPerSecond: 20_000 },
    { what: 'one sale: the thread of its Redis', ordersPerSecond: 50_000 },
    { what: 'one Postgres: connections', ordersPerSecond: 100 / 1_200e-6 },
  ]);
});
