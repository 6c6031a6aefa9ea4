import { describe, expect, it } from 'vitest';
import { InHand } from './in-hand.js';
import type { QueuedOrder } from './queue.js';

const order = (sku: string, saleId = 'sale') => ({ saleId, sku }) as QueuedOrder;
const ofOneSku = (length: number) => Array.from({ length }, () => order('hot'));
const ofSkus = (length: number) => Array.from({ length }, (_, i) => order(`sku-${i}`));

/** Begins such jobs as long as one more may be had, and tells how many they are. */
function fill(inHand: InHand, ordersOf: (job: number) => QueuedOrder[]): number {
  let jobs = 0;
  while (jobs < inHand.concurrency) inHand.begin(ordersOf(jobs++));
  return jobs;
}

describe('InHand', () => {
  it('has 256 orders of one SKU, whatever its jobs carry', () => {
    expect(fill(new InHand(4_096), () => ofOneSku(64))).toBe(4);
    expect(fill(new InHand(4_096), () => ofOneSku(1))).toBe(256);
  });

  it('has as many of each of several SKUs', () => {
    expect(fill(new InHand(4_096), () => ofSkus(8))).toBe((8 * 256) / 8);
    expect(fill(new InHand(4_096), (job) => [order(`sku-${job % 8}`)])).toBe(8 * 256);
  });

  it('takes the SKUs of different sales for different ones', () => {
    expect(fill(new InHand(4_096), (job) => [order('hot', `sale-${job % 2}`)])).toBe(2 * 256);
  });

  it('has no more than its bound, by less than a job', () => {
    expect(fill(new InHand(4_096), () => ofSkus(64))).toBe(64);
    expect(fill(new InHand(100), () => ofSkus(60))).toBe(2);
  });

  it('always has room for one job', () => {
    expect(fill(new InHand(1), () => ofOneSku(64))).toBe(1);
  });

  it('has room for others once orders are settled, though the rest of their job is not', () => {
    const inHand = new InHand(4_096);
    const orders = ofOneSku(64);
    expect(fill(inHand, () => orders)).toBe(4);
    orders.forEach((each) => inHand.settled(each));
    expect(inHand.concurrency).toBe(5);
  });

  it('is as it was once its jobs have ended', () => {
    const inHand = new InHand(4_096);
    const before = inHand.concurrency;
    const jobs = [ofSkus(64), ofSkus(8), ofOneSku(64)];
    jobs.forEach((orders) => inHand.begin(orders));
    expect(inHand.concurrency).toBeGreaterThan(before);
    for (const orders of jobs) {
      orders.forEach((each) => inHand.settled(each));
      inHand.end();
    }
    expect(inHand.concurrency).toBe(before);
  });
});
