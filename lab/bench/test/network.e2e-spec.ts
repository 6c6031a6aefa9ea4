import { expect, inject, it } from 'vitest';
import { networkBench } from '../network/network-bench.js';

const FAR_MS = 5;
const servers = { REDIS_URL: inject('redisUrl'), DATABASE_URL: inject('databaseUrl') };

it('one by one, orders wait for the network; in batches they share the wait', async () => {
  const { benchmarks, failures, tables } = await networkBench(
    { rounds: 1, seconds: 0.5, delays: [0, FAR_MS] },
    servers,
  );
  expect(failures).toEqual([]);
  const far = (name: string) =>
    benchmarks.find(
      ({ name: of, contender, metric }) =>
        of === `network, ${FAR_MS} ms` && contender === name && metric === 'ordersPerSecond',
    )!.median;
  // The row is read and written while the lock is held: two round trips, or one where the holder still knows the row.
  expect(far('redis per order')).toBeLessThan(1_000 / (2 * FAR_MS));
  expect(far('row-lock per order')).toBeLessThan(1_000 / (2 * FAR_MS));
  expect(far('redis, batch 64')).toBeGreaterThan(2 * far('redis per order'));
  for (const { head, rows } of tables)
    for (const row of rows) expect(row.filter((cell) => cell !== '-')).toHaveLength(head.length);
}, 120_000);
