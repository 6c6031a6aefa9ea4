import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Gauge } from 'prom-client';
import { callerOf } from '../buyers/caller.js';
import { API_CONFIG } from '../core/tokens.js';
import { ProblemError } from '../http/problems/problem.js';
import { Addresses } from '../limits/addresses.js';

/** How many are open, of each owner that has any. */
class Open {
  readonly #counts = new Map<string, number>();

  /** @param most 0: no limit */
  constructor(private readonly most: number) {}

  isFull(owner: string): boolean {
    return this.most > 0 && (this.#counts.get(owner) ?? 0) >= this.most;
  }

  add(owner: string, more: 1 | -1): void {
    const count = (this.#counts.get(owner) ?? 0) + more;
    if (count === 0) this.#counts.delete(owner);
    else this.#counts.set(owner, count);
  }
}

/** Bounds the event streams that are open at this replica, of each buyer, of each address, and of all. */
@Injectable()
export class EventStreams {
  readonly #ofBuyers: Open;
  readonly #ofAddresses: Open;
  readonly gauge: Gauge;
  #open = 0;

  constructor(
    @Inject(API_CONFIG) private readonly config: ApiConfig,
    private readonly addresses: Addresses,
  ) {
    this.#ofBuyers = new Open(config.EVENT_STREAMS_PER_BUYER);
    this.#ofAddresses = new Open(config.EVENT_STREAMS_PER_ADDRESS);
    const count = () => this.#open;
    this.gauge = new Gauge({
      name: 'event_streams_open',
      help: 'Event streams of orders that clients follow',
      collect() {
        this.set(count());
      },
    });
  }

  /** @throws {ProblemError} TOO_MANY_STREAMS or STREAMS_FULL, if its client may open no further one */
  check(request: FastifyRequest): void {
    const { address, buyer } = this.#clientOf(request);
    if (buyer !== undefined && this.#ofBuyers.isFull(buyer))
      throw tooMany('buyer', this.config.EVENT_STREAMS_PER_BUYER);
    if (this.#ofAddresses.isFull(address)) throw tooMany('address', this.config.EVENT_STREAMS_PER_ADDRESS);
    if (this.config.EVENT_STREAMS > 0 && this.#open >= this.config.EVENT_STREAMS)
      throw new ProblemError('STREAMS_FULL', 'Try again in a moment, or GET the order now and then.', {
        headers: { 'retry-after': '1' },
      });
  }

  /**
   * Counts the stream of this request until `ended` aborts.
   *
   * @throws {ProblemError} as {@link check}
   */
  open(request: FastifyRequest, ended: AbortSignal): void {
    this.check(request);
    if (ended.aborted) return;
    const { address, buyer } = this.#clientOf(request);
    const count = (more: 1 | -1) => {
      this.#open += more;
      this.#ofAddresses.add(address, more);
      if (buyer !== undefined) this.#ofBuyers.add(buyer, more);
    };
    count(1);
    ended.addEventListener('abort', () => count(-1));
  }

  #clientOf(request: FastifyRequest) {
    const caller = callerOf(request);
    const buyer = caller.kind === 'buyer' ? caller.buyerId : undefined;
    return { address: this.addresses.of(request), buyer };
  }
}

const tooMany = (owner: 'buyer' | 'address', most: number) =>
  new ProblemError(
    'TOO_MANY_STREAMS',
    `This ${owner} follows ${most} already: end one, or GET the order now and then.`,
    {
      headers: {
        'retry-after': '5',
        'ratelimit-policy': `"streams-${owner}";q=${most};qu="concurrent-requests"`,
      },
      members: { 'violated-policies': [`streams-${owner}`] },
    },
  );
