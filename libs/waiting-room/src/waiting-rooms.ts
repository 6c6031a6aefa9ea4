import type { Redis } from 'ioredis';
import { withVisitScript, type Keys } from './visit-script.js';

/** A waiting room. All who use it must agree on its rules. */
export interface Room {
  readonly id: string;
  /** Buyers inside at a time. */
  readonly places: number;
  /** How long one of them may stay. */
  readonly placeTtlSeconds: number;
  /** Before that moment buyers may queue, and none is let in. */
  readonly opensAt?: Date | null;
}

/** What a buyer is told. */
export type Standing =
  | { readonly status: 'admitted'; readonly expiresAt: Date }
  | {
      readonly status: 'waiting';
      /** 1: the next. */
      readonly position: number;
      /** Buyers who wait, this one included. */
      readonly waiting: number;
      /** Undefined while no place has ended yet. */
      readonly estimatedWaitSeconds: number | undefined;
      /** Whoever asks a few seconds later than this is passed by others; within five minutes it still keeps its turn. */
      readonly askAgainSeconds: number;
    };

interface RoomPlace {
  readonly redis: Redis;
  /** What all keys begin with there. */
  readonly prefix: string;
}

/** Where rooms are. */
export interface RoomPlaces {
  readonly all: readonly RoomPlace[];
  of(roomId: string): RoomPlace;
}

export interface Occupancy {
  readonly inside: number;
  readonly waiting: number;
}

const base = (roomId: string, prefix: string) => `${prefix}waiting-room:{${roomId}}`;

/** Redis's name of who is inside: a sorted set, buyer -> when its place ends, in milliseconds of Redis's clock. */
export const insideKey = (roomId: string, prefix = '') => `${base(roomId, prefix)}:inside`;

function keysOf(roomId: string, prefix: string): Keys {
  const key = base(roomId, prefix);
  return [insideKey(roomId, prefix), `${key}:queue`, `${key}:away`, `${key}:due`, key];
}

/**
 * Rooms that let so many buyers in at a time, first come first served, over all processes of one Redis. It is the semaphore of
 * libs/lock for holders that are no processes: whoever waits asks again and again.
 */
export class WaitingRooms {
  /** All keys of a room are in one place. */
  constructor(private readonly places: RoomPlaces) {}

  /** Enters, or asks again: either way nobody gets a second place. */
  async enter(room: Room, buyer: string): Promise<Standing> {
    const { id, places, placeTtlSeconds, opensAt } = room;
    const placeTtl = placeTtlSeconds * 1_000;
    const opens = opensAt?.getTime() ?? 0;
    const { redis, keys } = this.#at(id);
    const ask = () => redis.waitingRoomVisit(...keys, buyer, placeTtl, 'enter', places, opens);
    // Each call passes over a bounded number of silent buyers. All of them together are passed over once, by whoever asks next.
    let answer = await ask();
    while (answer.length === 0) answer = await ask();
    if (answer.length === 1) return { status: 'admitted', expiresAt: new Date(answer[0]) };
    const [position, waiting, wait, askAgainSeconds] = answer;
    const estimatedWaitSeconds = wait < 0 ? undefined : Math.ceil(wait / 1_000);
    return { status: 'waiting', position, waiting, estimatedWaitSeconds, askAgainSeconds };
  }

  /** Gives up the place, inside or in the queue. Harmless where there is none. */
  async leave({ id, placeTtlSeconds }: Room, buyer: string): Promise<void> {
    const { redis, keys } = this.#at(id);
    await redis.waitingRoomVisit(...keys, buyer, placeTtlSeconds * 1_000, 'leave');
  }

  /** Ends the place inside; a buyer who waits for another one goes on waiting. */
  async endPlace({ id, placeTtlSeconds }: Room, buyer: string): Promise<void> {
    const { redis, keys } = this.#at(id);
    await redis.waitingRoomVisit(...keys, buyer, placeTtlSeconds * 1_000, 'end-place');
  }

  /** How full rooms are at this moment. */
  async occupancy(roomIds: readonly string[]): Promise<Occupancy[]> {
    if (roomIds.length === 0) return [];
    const times = this.places.all.map(async (place) => [place, await timeOf(place.redis)] as const);
    const now = new Map(await Promise.all(times));
    const counts = roomIds.map(async (id) => {
      const { redis, keys } = this.#at(id);
      const [inside, queue] = keys;
      const [insiders, waiting] = await Promise.all([
        redis.zcount(inside, now.get(this.places.of(id))!, '+inf'),
        redis.zcard(queue),
      ]);
      return { inside: insiders, waiting };
    });
    return Promise.all(counts);
  }

  #at(roomId: string) {
    const { redis, prefix } = this.places.of(roomId);
    return { redis: withVisitScript(redis), keys: keysOf(roomId, prefix) };
  }
}

/** In milliseconds. */
async function timeOf(redis: Pick<Redis, 'time'>): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Number(micros) / 1_000;
}
