import { WaitingRooms, type Occupancy, type Standing } from '@app/waiting-room';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Counter, Gauge } from 'prom-client';

/** In milliseconds: a room is counted this long after somebody asked for it. */
const SEEN_MS = 60_000;
const ROOMS = 100;

/** Counts all rooms together: a label per sale would grow for ever. */
@Injectable()
export class RoomMetrics {
  readonly #seen = new LRUCache<string, true>({ max: ROOMS, ttl: SEEN_MS });
  readonly #answers = new Counter({
    name: 'waiting_room_answers_total',
    help: 'What buyers at waiting rooms were told; those inside may ask again',
    labelNames: ['status'],
  });

  constructor(private readonly rooms: WaitingRooms) {
    for (const status of ['admitted', 'waiting']) this.#answers.inc({ status }, 0);
    this.#gauge('waiting_room_inside', 'Buyers in checkout by way of a waiting room', ({ inside }) => inside);
    this.#gauge('waiting_room_waiting', 'Buyers who wait to be let in', ({ waiting }) => waiting);
  }

  count(saleId: string, { status }: Standing): void {
    this.#answers.inc({ status });
    this.#seen.set(saleId, true);
  }

  #gauge(name: string, what: string, figure: (occupancy: Occupancy) => number) {
    const sum = async () =>
      (await this.rooms.occupancy([...this.#seen.keys()])).reduce((total, room) => total + figure(room), 0);
    return new Gauge({
      name,
      help: `${what}, over all replicas and the sales this one was asked about in the last minute`,
      async collect() {
        this.set(await sum().catch(() => Number.NaN));
      },
    });
  }
}
