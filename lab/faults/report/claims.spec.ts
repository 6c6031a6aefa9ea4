import { describe, expect, it } from 'vitest';
import type { Cell } from '../cell.js';
import { EXPERIMENTS } from '../experiments/index.js';
import { CLAIMS, claimsIn, isIn } from './claims.js';

const plans = EXPERIMENTS.flatMap(({ name, cells }) => cells.map((plan) => ({ ...plan, experiment: name })));
const planOf = (seen: (typeof CLAIMS)[number]['seen']) => plans.find(isIn(seen));

const cellOf = (experiment: string, driver: string, fence: boolean): Cell => ({
  experiment,
  driver,
  fence,
  seed: 1,
  expected: 'SAFE',
  observed: 'SAFE',
  verdict: 'PASS',
  figures: {},
  evidence: { harms: [], account: 'it was dead' },
});

describe('the claims', () => {
  it.each(CLAIMS.map((claim) => [claim.claim, claim] as const))(
    '%s: both cells exist',
    (_, { seen, repair }) => {
      expect(planOf(seen)).toBeDefined();
      expect(planOf(repair)).toMatchObject({ expected: 'SAFE' });
    },
  );

  it('are told with what the run saw, and only if it saw both', () => {
    const [{ seen, repair }] = CLAIMS as [(typeof CLAIMS)[number]];
    const cells = [seen, repair].map(({ experiment, driver, fence }) => cellOf(experiment, driver, fence));
    const told = claimsIn(cells, (name) => `<${name}>`);
    expect(told).toHaveLength(1);
    expect(told[0]!.seen).toBe(`<${seen.experiment}>, ${seen.driver}: it was dead`);
    expect(claimsIn(cells.slice(0, 1), String)).toEqual([]);
  });
});
