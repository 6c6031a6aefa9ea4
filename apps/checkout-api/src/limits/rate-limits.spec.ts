import type { ApiConfig } from '@app/config';
import { oneShard } from '@app/servers';
import { Redis } from 'ioredis';
import { expect, it, vi } from 'vitest';
import { RateLimits } from './rate-limits.js';

it('waits for no Redis that is away, and counts for itself', async () => {
  const away = new Redis({ lazyConnect: true });
  const asked = vi.spyOn(away, 'sendCommand');
  const config = {
    RATE_LIMIT_WINDOW_SECONDS: 60,
    RATE_LIMIT_PER_BUYER: 2,
    RATE_LIMIT_PER_ADDRESS: 0,
    ORDER_RATE_LIMIT_PER_BUYER: 0,
    ORDER_RATE_LIMIT_PER_ADDRESS: 0,
    WAITING_ROOM_RATE_LIMIT_PER_BUYER: 0,
    WAITING_ROOM_RATE_LIMIT_PER_ADDRESS: 0,
  };
  const limits = new RateLimits(config as ApiConfig, oneShard(away));
  const count = async () => (await limits.count('checkout', { buyer: 'ann' }))[0]!.exceeded;
  expect([await count(), await count(), await count()]).toEqual([false, false, true]);
  expect(asked).not.toHaveBeenCalled();
});
