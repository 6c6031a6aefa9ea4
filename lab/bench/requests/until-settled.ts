import { keysOf } from '@app/checkout-queue';
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';

/** However slow: beyond it the queue stands still. */
const TIMEOUT_MS = 120_000;
const POLL_MS = 20;

/** Resolves once no order is queued any more; what stands still is found by what is read afterwards. */
export async function untilSettled(redis: Redis): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while ((await redis.hlen(keysOf().queued)) > 0 && Date.now() < deadline) await sleep(POLL_MS);
}
