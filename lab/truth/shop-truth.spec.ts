import { expect, it } from 'vitest';
import { shopTruth, type ShopEvidence } from './shop-truth.js';

const order = (n: number) => ({ id: `order-${n}`, buyer: `buyer-${n}`, units: 1 });
const orders = (count: number) => Array.from({ length: count }, (_, n) => order(n));

const honest: ShopEvidence = {
  stock: 3,
  asked: 5,
  soldOut: 2,
  unexpected: 0,
  loaded: true,
  promised: orders(3),
  sold: { units: 3 },
  rows: orders(3),
};

it.each<[string, Partial<ShopEvidence>, object]>([
  ['sold exactly', {}, { verdict: 'PASS', sold: 3, oversold: 0, undersold: 0, doubled: 0, lost: 0 }],
  ['told of by its orders', { rows: undefined, sold: { units: 3, orders: orders(3) } }, { verdict: 'PASS' }],
  ['told of by a sum', { rows: undefined }, { verdict: 'PASS' }],
  ['a buyer told twice of one order', { promised: [...orders(3), order(2)] }, { verdict: 'PASS' }],
  ['oversold', { sold: { units: 4 }, rows: orders(4), promised: orders(4) }, { oversold: 1 }],
  ['oversold by a sum', { sold: { units: 4 }, rows: undefined }, { oversold: 1 }],
  ['undersold', { sold: { units: 2 }, rows: orders(2), promised: orders(2) }, { undersold: 1 }],
  [
    'undersold by a late refusal',
    { sold: { units: 2 }, soldOut: 0, rows: [...orders(2), { ...order(2), units: 0 }] },
    { undersold: 1, lost: 0 },
  ],
  ['doubled', { rows: [...orders(2), { ...order(1), id: 'again' }], promised: orders(2) }, { doubled: 1 }],
  [
    'doubled by promises',
    { rows: undefined, promised: [...orders(2), { ...order(1), id: 'again' }] },
    { doubled: 1 },
  ],
  ['lost', { promised: orders(5) }, { lost: 2 }],
  ['lost by a sum', { promised: orders(4), rows: undefined }, { lost: 1 }],
])('%s', (_, evidence, expected) => {
  expect(shopTruth({ ...honest, ...evidence })).toMatchObject({ verdict: 'FAIL', ...expected });
});

it.each<[string, Partial<ShopEvidence>, string, string]>([
  ['says something else than its orders', { sold: { units: 2 } }, 'FAIL', 'misreported'],
  ['is never done', { sold: { units: 3, pending: true } }, 'FAIL', 'unsettled'],
  ['answers nonsense', { unexpected: 1 }, 'FAIL', 'unexpected'],
  ['was not loaded', { loaded: false }, 'INCONCLUSIVE', 'did not arrive'],
  ['never sold out', { soldOut: 0, asked: 3 }, 'INCONCLUSIVE', 'nobody was turned away'],
])('a shop that %s does not pass', (_, evidence, verdict, reason) => {
  const truth = shopTruth({ ...honest, ...evidence });
  expect([truth.verdict, truth.reasons]).toEqual([verdict, [expect.stringContaining(reason)]]);
});
