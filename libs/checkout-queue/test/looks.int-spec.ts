import { oneShard } from '@app/servers';
import { orderOf } from '@app/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { Admissions, type Stored } from '../src/index.js';
import type { AdmitCommands } from '../src/admit-script.js';

const saleId = randomUUID();

let redis: Redis;
let stored: Stored;
let admissions: Admissions;
beforeEach(async () => {
  redis = new Redis(inject('redisUrl'), { db: 8 });
  await redis.flushdb();
  admissions = new Admissions(oneShard(redis), {
    idempotencyTtlSeconds: 60,
    maxBacklog: 1_000,
    maxBacklogOfSale: 1_000,
    lookUp: async (orders) => orders.map(() => stored),
    lookAtStock: () => Promise.reject(new Error('nothing is counted')),
  });
});
afterEach(() => redis.disconnect());

const admit = () => admissions.admit(orderOf(saleId));

it('looks at checkouts of a new sale only until Redis is sure of it', async () => {
  stored = 'first';
  const asked = vi.spyOn(redis as AdmitCommands, 'checkoutAdmit');
  const looks = () => asked.mock.calls.filter(([[names, ...args]]) => args[Number(names)] === ''); // without a job
  const crowd = await Promise.all(Array.from({ length: 20 }, admit)); // none of which Redis is sure of
  expect(new Set(crowd)).toEqual(new Set(['accepted']));
  expect(await admit()).toBe('accepted');
  const before = looks().length;
  for (let i = 0; i < 5; i++) expect(await admit()).toBe('accepted');
  expect(looks()).toHaveLength(before);
});

it('adds no job in vain while Redis may have forgotten the keys of a sale', async () => {
  stored = 'unstored';
  expect(await admit()).toBe('accepted');
  const before = await admissions.queues.all[0]!.getJobCounts();
  for (let i = 0; i < 5; i++) expect(await admit()).toBe('accepted');
  expect((await admissions.queues.all[0]!.getJobCounts()).waiting).toBe(before.waiting! + 5);
});
