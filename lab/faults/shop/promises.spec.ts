import { describe, expect, it } from 'vitest';
import { brokenPromises, harmsIn, type Evidence } from './promises.js';

const truth = { oversold: 0, undersold: 0, lostUpdates: 0, conserved: true, ended: 2 };
const sound: Evidence = {
  sold: {
    accepted: 2,
    soldOut: 1,
    orders: [{ orderId: 'a' }, { orderId: 'b' }],
    unexpected: 0,
    complaints: [],
  },
  left: [
    { orders: 0, jobs: 0 },
    { orders: 0, jobs: 0 },
  ],
  unready: [],
  books: { truth, unsold: 0, movements: [], missing: [], mistold: 0 },
  misled: [],
  after: { truth },
};
const { sold, books } = sound;

describe('promises', () => {
  it('are kept if all is well', () => {
    expect(brokenPromises(sound)).toEqual([]);
    expect(harmsIn(sound)).toEqual([]);
  });

  it.each<[Partial<Evidence>, RegExp]>([
    [{ books: { ...books, missing: ['b'] } }, /^1 accepted orders are not terminal, such as b$/],
    [{ books: { ...books, mistold: 1 } }, /^1 orders have events too few or too many$/],
    [{ sold: { ...sold, orders: [sold.orders[0]!, sold.orders[0]!] } }, /2 buyers .* 1 different/],
    [{ sold: { ...sold, accepted: 0, orders: [] } }, /0 buyers/],
    [{ sold: { ...sold, unexpected: 1, complaints: ['500'] } }, /1 buyers got no proper answer: 500/],
    [{ left: [{ orders: 1, jobs: 0 }] }, /1 orders and 0 jobs never ended/],
    [{ left: [{ orders: 0, jobs: 1 }] }, /0 orders and 1 jobs never ended/],
    [{ left: [{ orders: NaN, jobs: NaN }] }, /never ended/],
    [{ unready: ['worker-1: 503'] }, /never ready again: worker-1: 503/],
    [{ misled: ['order a: 500'] }, /1 repeated checkouts went wrong, such as order a: 500/],
    [{ after: { truth: { ...truth, ended: 3 } } }, /second effect/],
  ])('are broken by %j', (evidence, message) => {
    const broken = brokenPromises({ ...sound, ...evidence });
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatch(message);
  });
});

it('units that nobody got although they were wanted are a harm, as those that two got', () => {
  const harms = (changed: Partial<typeof books>, soldOut = 1) =>
    harmsIn({ sold: { ...sold, soldOut }, books: { ...books, ...changed } });
  const unsold = ['3 units unsold while buyers were turned away'];
  expect(harms({ truth: { ...truth, undersold: 3 } }, 0)).toEqual(unsold);
  expect(harms({ unsold: 3 })).toEqual(unsold);
  expect(harms({ unsold: 3 }, 0)).toEqual([]);
  expect(harms({ truth: { ...truth, oversold: 3 } })).toEqual(['oversold by 3']);
});
