import { oneShard } from '@app/servers';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { insideKey, WaitingRooms, type Room, type Standing } from '../../src/index.js';

/** A room of its own on several connections, as so many processes have them. */
export class TestRoom {
  readonly room: Room;
  readonly redis: readonly Redis[];
  readonly #rooms: readonly WaitingRooms[];
  #calls = 0;

  constructor(rules: Partial<Room> = {}) {
    this.room = { id: randomUUID(), places: 1, placeTtlSeconds: 60, ...rules };
    this.redis = [1, 2, 3].map(() => new Redis(inject('redisUrl')));
    this.#rooms = this.redis.map((connection) => new WaitingRooms(oneShard(connection)));
  }

  /** Each call at another connection. */
  enter(buyer: string): Promise<Standing> {
    return this.#next().enter(this.room, buyer);
  }

  leave(buyer: string): Promise<void> {
    return this.#next().leave(this.room, buyer);
  }

  endPlace(buyer: string): Promise<void> {
    return this.#next().endPlace(this.room, buyer);
  }

  async occupancy() {
    return (await this.#next().occupancy([this.room.id]))[0]!;
  }

  /** `inside`, or the position. */
  async ask(buyer: string): Promise<'inside' | number> {
    const standing = await this.enter(buyer);
    return standing.status === 'admitted' ? 'inside' : standing.position;
  }

  key(name = ''): string {
    return `waiting-room:{${this.room.id}}${name && `:${name}`}`;
  }

  /** As if the buyer had been silent for so long that others pass it; for the second time: that it is forgotten. */
  async silence(buyer: string): Promise<void> {
    await this.redis[0]!.zadd(this.key('due'), 'XX', 1, buyer);
  }

  /** As if the time of its place were over. */
  async runOut(buyer: string): Promise<void> {
    await this.redis[0]!.zadd(insideKey(this.room.id), 'XX', 1, buyer);
  }

  async close(): Promise<void> {
    await this.redis[0]!.del(['', 'inside', 'queue', 'away', 'due'].map((name) => this.key(name)));
    for (const connection of this.redis) connection.disconnect();
  }

  #next(): WaitingRooms {
    return this.#rooms[this.#calls++ % this.#rooms.length]!;
  }
}
