import { CriticalSection, Reservations, strategyOf, resourceOf } from '@app/inventory';
import { Locks } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import { Redlock } from '@sesamecare-oss/redlock';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { Mutex } from 'redis-semaphore';
import { backendsOf, serversIn } from '../../servers.js';
import { bareLoop } from './bare-loop.js';
import { LOADS, type Peer, type Settler, type WayToSettle } from './ways-to-settle.js';

interface OneByOne {
  readonly settle: (order: OrderRequest) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const TTL_MS = 10_000;
const MAX_HOLD_MS = 50;

export function settlerOf(contender: WayToSettle, pool: Pool): Settler {
  const inFlight = LOADS[contender.load];
  // It has no more orders in hand than the others have: they fill a batch only as far as those go.
  if (contender.peer === 'bare-loop') return bareLoop(pool, Math.min(contender.batchSize, inFlight));
  return abreast(inFlight, contender.peer ? byPeer(contender.peer, pool) : byStrategy(contender, pool));
}

function abreast(inFlight: number, { settle, close }: OneByOne): Settler {
  return {
    prepare: (orders) => async () => {
      const pending = orders.values();
      const buyer = async () => {
        for (const order of pending) await settle(order);
      };
      await Promise.all(Array.from({ length: inFlight }, buyer));
    },
    close,
  };
}

function byStrategy({ rules, batchSize, load }: WayToSettle, pool: Pool): OneByOne {
  const locks = new Locks(backendsOf(serversIn(process.env)));
  const reservations = new Reservations({
    pool,
    batchSize,
    inFlight: LOADS[load],
    maxHold: MAX_HOLD_MS,
    signal: new AbortController().signal,
    lockOptions: () => ({ ttl: TTL_MS, earlyTakeover: true }),
    lockOf: (name) => locks.of(strategyOf(name).lock!),
    onCommit: async () => undefined,
  });
  return {
    settle: (order) => reservations.reserve(order, rules),
    async close() {
      await reservations.idle(); // its last orders may be told a moment before their lock is released
      await locks.close();
    },
  };
}

/** A lock of the library around the very same transaction, for each order. With its own settings, but for never giving up. */
function byPeer(peer: Exclude<Peer, 'bare-loop'>, pool: Pool): OneByOne {
  const redis = new Redis(process.env.REDIS_URL!);
  const redlock = new Redlock([redis], { retryCount: -1 });
  const acquire = {
    '@sesamecare-oss/redlock': (resource: string) => redlock.acquire([resource], TTL_MS),
    'redis-semaphore': async (resource: string) => {
      const mutex = new Mutex(redis, resource, { lockTimeout: TTL_MS, acquireTimeout: Infinity });
      await mutex.acquire();
      return mutex;
    },
  }[peer];
  return {
    async settle(order) {
      const { saleId, sku } = order;
      const lock = await acquire(resourceOf(order));
      const target = { saleId, sku, write: 'read-modify-write', perBuyerLimit: null } as const;
      await new CriticalSection(pool, target).settle([order]);
      await lock.release();
    },
    close: async () => redis.disconnect(),
  };
}
