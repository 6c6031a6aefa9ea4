import { orderOf } from '@app/testing';
import { expect, it } from 'vitest';
import { allocate } from './allocate.js';

const sale = '00000000-0000-4000-8000-000000000001';
const verdicts = (allocation: ReturnType<typeof allocate>) =>
  allocation.outcomes.map((outcome) => outcome && ('reason' in outcome ? outcome.reason : outcome.status));

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

it('decides nothing about an order that does not fit where there may be more elsewhere', () => {
  const orders = [2, 2, 1, 1].map((quantity) => orderOf(sale, { quantity, buyerId: 'ann' }));
  const allocation = allocate(orders, { available: 3, partial: true });
  expect(verdicts(allocation)).toEqual(['reserved', undefined, 'reserved', undefined]);
  expect(allocation.units).toBe(3);
});

it('says over the limit where there may be more elsewhere, too', () => {
  const [order] = [orderOf(sale, { buyerId: 'ann', quantity: 3 })];
  const allocation = allocate([order], { available: 1, partial: true, perBuyerLimit: 2 });
  expect(verdicts(allocation)).toEqual(['BUYER_LIMIT_EXCEEDED']);
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
