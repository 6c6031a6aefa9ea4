import { Shards } from '@app/servers';
import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type { Caller } from '../buyers/caller.js';
import { fromRedis } from '../http/problems/unavailable.js';
import type { TicketView } from './order.schema.js';

/** A ticket is for the next stream, and for the times that a browser opens it again; then the page fetches another. */
const LIFE_SECONDS = 60;
const BYTES = 24;
const TICKET = /^[\w-]{32}$/;

interface Ticket {
  readonly orderId: string;
  readonly caller: Caller;
}

/** Tickets to the events of one order, for browsers: their `EventSource` sends no Authorization header. */
@Injectable()
export class EventTickets {
  constructor(private readonly shards: Shards) {}

  /** @throws {ProblemError} REDIS_UNAVAILABLE */
  async issue(orderId: string, caller: Caller): Promise<TicketView> {
    const ticket = randomBytes(BYTES).toString('base64url');
    const content = JSON.stringify({ orderId, caller } satisfies Ticket);
    const { redis, key } = this.#placeOf(ticket);
    await fromRedis(redis.set(key, content, 'EX', LIFE_SECONDS));
    return { ticket, expiresAt: new Date(Date.now() + LIFE_SECONDS * 1_000).toISOString() };
  }

  /**
   * Who got the ticket to this order's events, if somebody did lately.
   *
   * @throws {ProblemError} REDIS_UNAVAILABLE
   */
  async callerWith(ticket: unknown, orderId: string): Promise<Caller | undefined> {
    if (typeof ticket !== 'string' || !TICKET.test(ticket)) return undefined;
    const { redis, key } = this.#placeOf(ticket);
    const content = await fromRedis(redis.get(key));
    const known = content === null ? undefined : (JSON.parse(content) as Ticket);
    return known?.orderId === orderId ? known.caller : undefined;
  }

  #placeOf(ticket: string) {
    const { redis, prefix } = this.shards.of(ticket);
    return { redis, key: `${prefix}ticket:${ticket}` };
  }
}
