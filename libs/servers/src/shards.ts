import type { Redis } from 'ioredis';
import type { Log } from './log.js';
import type { RedisServers } from './redis-servers.js';
import { openRedis, type RedisUse } from './redis.js';
import { hashTags, partOf, slotOf } from './slots.js';

/** What finds nothing. */
const NOTHING = new Error('it is not there');

/** One of something for each shard. */
export class PerShard<T> {
  constructor(readonly all: readonly T[]) {}

  /** The one for whatever belongs to this sale, or has another name. */
  of(name: string): T {
    return this.all.length === 1 ? this.all[0]! : this.all[partOf(name, this.all.length)]!;
  }

  map<U>(make: (of: T, index: number) => U): PerShard<U> {
    return new PerShard(this.all.map(make));
  }

  /** What the first of them finds. Rejects if none finds it and one could not look. */
  async find<U>(look: (each: T) => Promise<U | undefined>): Promise<U | undefined> {
    const looking = this.all.map(async (each) => {
      const found = await look(each);
      if (found === undefined) throw NOTHING;
      return found;
    });
    try {
      return await Promise.any(looking);
    } catch (error) {
      const failures = (error as AggregateError).errors as Error[];
      const failure = failures.find((each) => each !== NOTHING);
      if (failure) throw failure;
      return undefined;
    }
  }

  /** Resolves once one of them has done it. Rejects as the first of them did if none can. */
  async anyOf(ask: (each: T) => Promise<unknown>): Promise<void> {
    await Promise.any(this.all.map(ask)).catch(({ errors }: AggregateError) => {
      throw errors[0];
    });
  }

  async sum(count: (each: T) => Promise<number>): Promise<number> {
    return (await Promise.all(this.all.map(count))).reduce((a, b) => a + b);
  }
}

/** The part of Redis that a sale is in with all its keys: they can be changed together. */
export interface Shard {
  readonly redis: Redis;
  /** What all its keys begin with. */
  readonly prefix: string;
}

/** All of Redis: one shard where it is one server, or some of a cluster. */
export class Shards extends PerShard<Shard> {
  /** For what has no key: a message, which all nodes pass on. */
  get any(): Redis {
    return (this.all.find(({ redis }) => redis.status === 'ready') ?? this.all[0]!).redis;
  }

  disconnect(): void {
    for (const { redis } of this.all) redis.disconnect();
  }
}

export const oneShard = (redis: Redis): Shards => new Shards([{ redis, prefix: '' }]);

/** A connection to each shard, see {@link openRedis}. */
export function openShards(servers: RedisServers, use: RedisUse, log: Log): Shards {
  const opened = placesOf(servers).map(({ place, prefix }, i) => {
    const name = servers.kind === 'cluster' ? `${use.name}-${i}` : use.name;
    return { redis: openRedis(place, { ...use, name, prefix }, log), prefix };
  });
  return new Shards(opened);
}

/** A connection to the keys of a cluster that have this hash tag, and belong to no shard. */
export function openTag(
  servers: RedisServers & { readonly kind: 'cluster' },
  tag: string,
  use: RedisUse,
  log: Log,
): Shard {
  const prefix = `{${tag}}:`;
  return { redis: openRedis({ ...servers, slot: slotOf(prefix) }, { ...use, prefix }, log), prefix };
}

/** Where the shards are. */
export function placesOf(servers: RedisServers): readonly { place: RedisServers; prefix: string }[] {
  if (servers.kind !== 'cluster') return [{ place: servers, prefix: '' }];
  return hashTags(servers.shards).map(({ tag, slot }) => ({
    place: { ...servers, slot },
    prefix: `${tag}:`,
  }));
}
