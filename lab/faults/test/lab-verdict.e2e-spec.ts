import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import type { Cell } from '../cell.js';
import { harmsOf } from '../checks.js';
import type { CellPlan, Experiment } from '../experiment.js';
import { pausedHolder } from '../experiments/paused-holder.js';
import { runAndReport } from '../run-and-report.js';

let base: string;
let directory: string;
beforeAll(async () => {
  vi.stubEnv('DATABASE_URL', inject('databaseUrl'));
  vi.stubEnv('REDIS_URL', inject('redisUrl'));
  base = await mkdtemp(join(tmpdir(), 'lab-'));
  directory = join(base, 'run');
  await mkdir(directory);
});
afterAll(() => rm(base, { recursive: true }));

/** What the command ends with, and what its summary says. */
async function run(experiment: Experiment) {
  const options = { experiments: [experiment], drivers: [], seeds: [1], ttl: 1_000, cycles: 10 };
  const exitCode = await runAndReport({ options, json: false, docs: false }, 'a test', directory);
  const summary = JSON.parse(await readFile(join(directory, 'summary.json'), 'utf8')) as {
    verdict: string;
    cells: Cell[];
  };
  return { exitCode, ...summary };
}

/** Its cells with the lock `redis-setnx`, which has no fence: whoever sleeps through the TTL oversells. */
const paused = (expected: CellPlan['expected']): Experiment => ({
  ...pausedHolder,
  cells: pausedHolder.cells
    .filter(({ driver }) => driver === 'redis-setnx')
    .map((cell) => Object.assign({}, cell, { expected })),
});

/** Somebody sells one unit and is killed, or is not: there is nothing to survive then. */
const sellOne = (fault: () => boolean): Experiment => ({
  ...pausedHolder,
  cells: [
    {
      driver: 'redis',
      fence: true,
      expected: 'SAFE',
      needs: ['redis'],
      run: async ({ scene, ttl }) => {
        const victim = await scene.actor('victim');
        const stage = await scene.sale(1);
        const locking = { driver: 'redis', fence: true, ttl, wait: 5_000 } as const;
        await victim.calls.checkout({ ...locking, order: stage.order() });
        if (fault()) await victim.kill('SIGKILL');
        const fired = scene.history.find('victim', 'killed') !== undefined;
        const harms = harmsOf(await stage.audit(), await stage.movements());
        return { harms, fired, figures: {}, account: 'one unit was sold' };
      },
    },
  ],
});

it('a lock that oversells as expected is a PASS, and the only way to exit code 0', async () => {
  const { exitCode, verdict } = await run(paused('UNSAFE'));
  expect({ exitCode, verdict }).toEqual({ exitCode: 0, verdict: 'PASS' });
}, 60_000);

it('a lock that oversells though it should not is a FAIL', async () => {
  const { exitCode, verdict, cells } = await run(paused('SAFE'));
  expect({ exitCode, verdict }).toEqual({ exitCode: 1, verdict: 'FAIL' });
  expect(cells[0]!.evidence.harms).toContain('oversold by 1');
}, 60_000);

it('a fault that did not happen is INCONCLUSIVE', async () => {
  expect(await run(sellOne(() => true))).toMatchObject({ exitCode: 0, verdict: 'PASS' });
  expect(await run(sellOne(() => false))).toMatchObject({ exitCode: 1, verdict: 'INCONCLUSIVE' });
}, 60_000);

it('a run that breaks down is a FAIL, and says why', async () => {
  const broken = sellOne(() => {
    throw new Error('the schedule is torn');
  });
  const { exitCode, verdict, cells } = await run(broken);
  expect({ exitCode, verdict }).toEqual({ exitCode: 1, verdict: 'FAIL' });
  expect(cells[0]!.evidence.violations!.join()).toContain('the schedule is torn');
}, 60_000);
