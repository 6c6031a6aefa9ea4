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

  /** Looks often enough for whatever does not move meanwhile to stand still. Returns what does so since then. */
  const lookOn = (inHand: InHand, looks = 7) =>
    Array.from({ length: looks }, () => inHand.look())
      .flat()
      .map(({ sku }) => sku);

  it('gives a SKU that stands still no room of the others, and takes no more of it', () => {
    const inHand = new InHand(4_096);
    expect(fill(inHand, () => ofOneSku(64))).toBe(4);
    expect(inHand.concurrency).toBe(4);
    expect(lookOn(inHand)).toEqual(['hot']);
    expect(inHand.concurrency).toBe(8);
    expect(inHand.begin([order('hot'), order('other')])).toEqual([order('other')]);
  });

  it('takes a SKU that is slow for one that moves', () => {
    const inHand = new InHand(4_096);
    fill(inHand, () => ofOneSku(64));
    for (let i = 0; i < 20; i++) {
      expect(lookOn(inHand, 3)).toEqual([]);
      inHand.settled(order('hot'));
    }
  });

  it('has a SKU stand still until one of its orders is settled, though all have failed', () => {
    const inHand = new InHand(4_096);
    const orders = inHand.begin(ofOneSku(64));
    lookOn(inHand);
    orders.forEach((each) => inHand.left(each));
    inHand.end();
    expect(lookOn(inHand)).toEqual([]);
    const before = inHand.concurrency;
    expect(inHand.begin(ofOneSku(128))).toHaveLength(128); // it may move by now
    expect(inHand.concurrency).toBe(before + 1);
    inHand.settled(order('hot'));
    expect(inHand.concurrency).toBe(4); // one job of which 127 are left, and three more
    expect(inHand.begin(ofOneSku(300))).toHaveLength(300);
  });

  it('has more patience with many SKUs, which move by turns', () => {
    const inHand = new InHand(4_096);
    fill(inHand, () => ofSkus(64));
    expect(lookOn(inHand, 37)).toEqual([]);
    expect(lookOn(inHand, 1)).toHaveLength(64);
  });

  it('takes a SKU that moves elsewhere for one that moves', () => {
    const inHand = new InHand(4_096);
    fill(inHand, () => ofOneSku(64));
    expect(lookOn(inHand)).toEqual(['hot']);
    inHand.movedElsewhere(order('hot'));
    expect(inHand.still).toBe(0);
    expect(inHand.concurrency).toBe(4);
    expect(lookOn(inHand)).toEqual(['hot']);
    inHand.movedElsewhere(order('unknown'));
  });

  it('forgets a SKU of which nothing is left', () => {
    const inHand = new InHand(4_096);
    inHand.begin([order('hot')]);
    lookOn(inHand);
    inHand.left(order('hot'));
    inHand.end();
    lookOn(inHand, 200);
    expect(inHand.begin(ofOneSku(300))).toHaveLength(300);
    expect(lookOn(inHand)).toEqual(['hot']);
  });

  it('has those that stand still share a quarter of the hands', () => {
    const inHand = new InHand(1_024);
    fill(inHand, (job) => Array.from({ length: 64 }, () => order(`sku-${job}`)));
    expect(lookOn(inHand, 15)).toHaveLength(16);
    expect(inHand.share).toBe(16);
    expect(inHand.tooMany()).toHaveLength(16);
    expect(inHand.begin([order('sku-1'), order('other')])).toEqual([order('other')]);
  });

  it('always has room for one job besides what stands still', () => {
    const inHand = new InHand(1);
    inHand.begin(ofOneSku(64));
    expect(inHand.concurrency).toBe(1);
    lookOn(inHand);
    expect(inHand.concurrency).toBe(2);
  });
});
