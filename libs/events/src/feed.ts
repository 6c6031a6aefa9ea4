import type { Pool } from 'pg';
import { MOST_ROWS, PUBLISH_SQL, READ_SQL, TRIM_SQL } from './feed-sql.js';
import type { EventType, OrderEvent } from './order-event.js';

export interface Page {
  readonly events: readonly OrderEvent[];
  /** Go on after this number. */
  readonly next: number;
  /** Whether there is more already. */
  readonly more: boolean;
}

interface ReadRow extends Omit<OrderEvent, 'number'> {
  readonly last: number;
  readonly deleted: number;
  readonly after: number;
  /** Null if there is no event. */
  readonly number: number | null;
}

/** What comes next cannot be told: it is no longer kept, or the number was never given. */
export class NotInFeedError extends Error {
  override readonly name = 'NotInFeedError';
  constructor(
    after: number,
    readonly deletedThrough: number,
    readonly last: number,
  ) {
    super(`the feed goes on after ${deletedThrough} to ${last}; ${after} is outside`);
  }
}

/** All events of all orders, numbered without a gap, those of an order in their order. */
export class Feed {
  constructor(private readonly pool: Pool) {}

  /** Takes what was written to the outbox into the feed. Several may do so at the same time. */
  async publish(): Promise<void> {
    const { rowCount } = await this.pool.query({ name: 'publish events', text: PUBLISH_SQL });
    if (rowCount === MOST_ROWS) await this.publish();
  }

  /**
   * The events after a number, or from the first one that is kept.
   *
   * @throws {NotInFeedError}
   */
  async read(after: number | undefined, limit: number, types?: readonly EventType[] | null): Promise<Page> {
    const values = [after, limit];
    const { rows } = await this.pool.query<ReadRow>({ name: 'read events', text: READ_SQL, values });
    const { last, deleted, after: from } = rows[0]!;
    if (from < deleted || from > last) throw new NotInFeedError(from, deleted, last);
    const next = Math.min(from + limit, last);
    const events = rows.filter(isEvent).filter(({ type }) => !types || types.includes(type));
    return { events, next, more: next < last };
  }

  /** Forgets what is older, and was accepted by every webhook. */
  async trim(hours: number): Promise<void> {
    const { rowCount } = await this.pool.query(TRIM_SQL, [hours]);
    if (rowCount === MOST_ROWS) await this.trim(hours);
  }
}

const isEvent = (row: ReadRow): row is ReadRow & OrderEvent => row.number !== null;
