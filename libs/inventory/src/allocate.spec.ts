import { orderOf } from '@app/testing';
import { expect, it } from 'vitest';
import { allocate } from './allocate.js';

const sale = '00000000-0000-0000-0000-000000000001';
const verdicts = (allocation: ReturnType<typeof allocate>) =>
  allocation.outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : outcome.status));

it('gives out stock in arrival order until nothing is left', () => {
  const orders = [orderOf(sale, { quantity: 2 }), orderOf(sale, { quantity: 1 }), orderOf(sale)];
  const allocation = allocate(orders, { available: 3 });
  expect(verdicts(allocation)).toEqual(['reserved', 'reserved', 'SOLD_OUT']);
  expect(allocation.units).toBe(3);
});

it('serves a smaller order after one that asked for more than is left', () => {
  const orders = [orderOf(sale, { quantity: 5 }), orderOf(sale, { quantity: 3 }), orderOf(sale)];
  const allocation = allocate(orders, { available: 4 });
  expect(verdicts(allocation)).toEqual(['INSUFFICIENT_STOCK', 'reserved', 'reserved']);
  expect(allocation.units).toBe(4);
});

it('counts what a buyer already holds, and takes within the same batch, against the limit', () => {
  const orders = ['ann', 'bob', 'ann', 'bob'].map((buyerId) => orderOf(sale, { buyerId }));
  const allocation = allocate(orders, { available: 9, perBuyerLimit: 2, held: new Map([['ann', 1]]) });
  expect(verdicts(allocation)).toEqual(['reserved', 'reserved', 'BUYER_LIMIT_EXCEEDED', 'reserved']);
});

it('says sold out rather than over the limit when both are true: nothing is left for anybody', () => {
  const [order] = [orderOf(sale, { buyerId: 'ann' })];
  const allocation = allocate([order], { available: 0, perBuyerLimit: 1, held: new Map([['ann', 1]]) });
  expect(verdicts(allocation)).toEqual(['SOLD_OUT']);
});
