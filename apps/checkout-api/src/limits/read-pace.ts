import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_CONFIG } from '../core/tokens.js';
import { ProblemError } from '../http/problems/problem.js';
import { Pace } from './pace.js';

/** In milliseconds: the longest that a read waits for its turn. */
const PATIENCE_MS = 1_000;
/** The key of a pace that all share. */
const ALL = '';

/**
 * Spaces the reads of one reader, and those of all, so that what else the process does goes between them. Whoever reads faster gets
 * slower answers: a client that loops is one that waits.
 */
@Injectable()
export class ReadPace {
  readonly #ofAddress: Pace | undefined;
  readonly #ofAll: Pace | undefined;
  readonly #ofOrders: Pace | undefined;

  constructor(@Inject(API_CONFIG) config: ApiConfig) {
    this.#ofAddress = paceOf(config.READS_PER_SECOND_PER_ADDRESS);
    this.#ofAll = paceOf(config.READS_PER_SECOND);
    this.#ofOrders = paceOf(config.ORDER_READS_PER_SECOND);
  }

  /**
   * Waits for the turn of a public read.
   *
   * @param units how many reads it counts as
   * @throws {ProblemError} RATE_LIMITED or READS_OVERLOADED
   */
  async ofPublic(address: string, units: number): Promise<void> {
    const own = turnOf(this.#ofAddress, 'reads', address, units);
    const common = this.#ofAll?.take(ALL, units, PATIENCE_MS) ?? 0;
    if (common === Infinity)
      throw new ProblemError('READS_OVERLOADED', 'Try again in a moment.', {
        headers: { 'retry-after': '1' },
      });
    await until(Math.max(own, common));
  }

  /**
   * Waits for the turn of a read of orders.
   *
   * @param reader the buyer or, where those are not authenticated, the address
   * @throws {ProblemError} RATE_LIMITED
   */
  async ofOrders(reader: string): Promise<void> {
    await until(turnOf(this.#ofOrders, 'order-reads', reader, 1));
  }
}

const paceOf = (perSecond: number) => (perSecond > 0 ? new Pace(perSecond) : undefined);

const until = async (dueInMs: number) => void (dueInMs >= 1 && (await sleep(dueInMs)));

/** The milliseconds until it. */
function turnOf(pace: Pace | undefined, quota: string, reader: string, units: number): number {
  const dueInMs = pace?.take(reader, units, PATIENCE_MS) ?? 0;
  if (dueInMs < Infinity) return dueInMs;
  throw new ProblemError('RATE_LIMITED', `More than ${pace!.perSecond} reads a second; try again in 1 s.`, {
    headers: {
      'retry-after': '1',
      'ratelimit-policy': `"${quota}";q=${pace!.perSecond};w=1`,
      ratelimit: `"${quota}";r=0;t=1`,
    },
    members: { 'violated-policies': [quota] },
  });
}
