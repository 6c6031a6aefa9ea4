import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import type { Caller } from '../buyers/caller.js';
import { REDIS } from '../core/tokens.js';
import { fromRedis } from '../http/problems/unavailable.js';
import type { TicketView } from './order.schema.js';

/** A ticket is for the next stream, and for the times that a browser opens it again; then the page fetches another. */
const LIFE_SECONDS = 60;
const BYTES = 24;
const TICKET = /^[\w-]{32}$/;
const keyOf = (ticket: string) => `ticket:${ticket}`;

interface Ticket {
  readonly orderId: string;
  readonly caller: Caller;
}

/** Tickets to the events of one order, for browsers: their `EventSource` sends no Authorization header. */
@Injectable()
export class EventTickets {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  /** @throws {ProblemError} REDIS_UNAVAILABLE */
  async issue(orderId: string, caller: Caller): Promise<TicketView> {
    const ticket = randomBytes(BYTES).toString('base64url');
    const content = JSON.stringify({ orderId, caller } satisfies Ticket);
    await fromRedis(this.redis.set(keyOf(ticket), content, 'EX', LIFE_SECONDS));
    return { ticket, expiresAt: new Date(Date.now() + LIFE_SECONDS * 1_000).toISOString() };
  }

  /**
   * Who got the ticket to this order's events, if somebody did lately.
   *
   * @throws {ProblemError} REDIS_UNAVAILABLE
   */
  async callerWith(ticket: unknown, orderId: string): Promise<Caller | undefined> {
    if (typeof ticket !== 'string' || !TICKET.test(ticket)) return undefined;
    const content = await fromRedis(this.redis.get(keyOf(ticket)));
    const known = content === null ? undefined : (JSON.parse(content) as Ticket);
    return known?.orderId === orderId ? known.caller : undefined;
  }
}
