import { expect, inject, it } from 'vitest';
import { runInOwnProcess } from '../own-process.js';

const alwaysGranted = new URL('../../test/always-granted.mjs', import.meta.url).href;

/** One round of the worker benchmark with `redis-setnx` only. */
const benchmark = (env: NodeJS.ProcessEnv) =>
  runInOwnProcess(
    'worker',
    { only: ['redis-setnx'], loads: [], orders: 8_000, rounds: 1 },
    { REDIS_URL: inject('redisUrl'), DATABASE_URL: inject('databaseUrl'), ...env },
  );

it('a lock that is always granted fails the benchmark and gets no figure', async () => {
  const { benchmarks, failures } = await benchmark({ NODE_OPTIONS: `--import=${alwaysGranted}` });
  expect(failures.join('\n')).toMatch(/redis-setnx.*lost \d+ updates/);
  expect(benchmarks).toEqual([]);
}, 60_000);

it('the same lock as it is does not', async () => {
  const { benchmarks, failures } = await benchmark({});
  expect(failures).toEqual([]);
  expect(benchmarks.map(({ contender }) => contender)).toContain('redis-setnx, batch 64');
}, 60_000);
