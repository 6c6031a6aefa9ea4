import { addAbortListener } from 'node:events';
import type { Pool } from 'pg';
import { Feed } from '../feed.js';
import type { EventType, HeldEvent, OrderEvent } from '../order-event.js';
import { backoffSeconds, restSeconds } from './backoff.js';
import { run, type Lane, type LaneEnd } from './lane.js';
import { BEGIN_SQL, DUE_SQL, END_SQL, HELD_SQL, HURRY_SQL } from './round-sql.js';
import { send, type Endpoint } from './send.js';

/** Most new events, and most orders tried again, in a round. As many requests are under way at one endpoint at most. */
const MOST_NEW = 64;
const MOST_DUE = 16;
/** So many sent and none accepted: the endpoint is to blame, not an event. It rests, and then gets one new event at a time. */
const MANY = 8;
/** In milliseconds: for the statements of a turn, besides its requests. */
const STATEMENTS_MS = 10_000;

export interface DeliveryOptions {
  /** In milliseconds: how long an endpoint may take to answer. */
  readonly timeout: number;
  /** After so many an event is a dead letter. */
  readonly maxAttempts: number;
}

/** One process's turn at a webhook. */
export interface Turn extends Endpoint {
  readonly id: string;
  readonly turn: string;
  readonly types: readonly EventType[] | null;
  readonly position: number;
  readonly failedRounds: number;
}

interface DueRow {
  readonly orderId: string;
  readonly events: readonly HeldEvent[];
  readonly attempts: number;
}

/**
 * Delivers events to webhooks, at least once, and an event never before those of the same order that precede it. Whoever has the turn
 * at a webhook delivers to it alone. What is accepted costs no write of its own: the webhook's position moves on once a round.
 */
export class Deliveries {
  readonly #feed: Feed;

  constructor(
    private readonly pool: Pool,
    private readonly options: DeliveryOptions,
  ) {
    this.#feed = new Feed(pool);
  }

  /** Begins a turn where there is something to deliver and nobody else is at it: at all webhooks, or at this one. */
  async begin(webhookId?: string): Promise<Turn[]> {
    // A round sends for up to twice as long as an endpoint may take.
    const seconds = (2 * this.options.timeout + STATEMENTS_MS) / 1_000;
    return (await this.pool.query<Turn>(BEGIN_SQL, [seconds, webhookId])).rows;
  }

  /** Delivers some events, and ends the turn. What `ending` cuts off is delivered again in another turn. */
  async round(turn: Turn, ending: AbortSignal): Promise<void> {
    const { id, types, position, failedRounds } = turn;
    const { events, next } = await this.#feed.read(position, failedRounds > 0 ? 1 : MOST_NEW, types);
    const due = await this.#due(id);
    const held = await this.#held(id, events);
    const lanes = new Map<string, Lane>(due);
    const joining = new Map<string, OrderEvent[]>();
    for (const event of events) {
      const { orderId } = event;
      const lane = lanes.get(orderId);
      if (!lane && held.has(orderId)) joining.set(orderId, [...(joining.get(orderId) ?? []), event]);
      else lanes.set(orderId, { attempts: 0, ...lane, events: [...(lane?.events ?? []), event] });
    }
    const ends = await this.#send(turn, lanes, ending);
    await this.#end(turn, next, ends, joining);
  }

  async #send(turn: Turn, lanes: ReadonlyMap<string, Lane>, ending: AbortSignal) {
    const { timeout } = this.options;
    const time = { ending, late: performance.now() + timeout };
    // Of this round alone: what is made by AbortSignal.any is remembered by its sources as long as they live.
    const round = new AbortController();
    const listening = addAbortListener(ending, () => round.abort());
    const sendOne = (event: OrderEvent) =>
      send(turn, event, AbortSignal.any([round.signal, AbortSignal.timeout(timeout)]));
    const ends = [...lanes].map(
      async ([orderId, lane]) => [orderId, await run(lane, time, sendOne)] as const,
    );
    try {
      return await Promise.all(ends);
    } finally {
      listening[Symbol.dispose]();
    }
  }

  async #end(
    { id, turn, failedRounds }: Turn,
    position: number,
    ends: readonly (readonly [orderId: string, end: LaneEnd])[],
    joining: ReadonlyMap<string, readonly OrderEvent[]>,
  ): Promise<void> {
    const done = ends.filter(([, { left }]) => left.length === 0).map(([orderId]) => orderId);
    const held = ends.filter(([, { left }]) => left.length > 0);
    const heldEnds = held.map(([, end]) => end);
    const accepts = ends.some(([, { accepted }]) => accepted > 0);
    const failed = heldEnds.filter(({ error }) => error !== undefined).length;
    // An endpoint that rests stays suspicious until it accepts something.
    const isDown = !accepts && (failed >= MANY || (failedRounds > 0 && failed > 0));
    const rounds = isDown ? failedRounds + 1 : accepts ? 0 : failedRounds;
    const { rowCount } = await this.pool.query(END_SQL, [
      id,
      turn,
      position,
      rounds,
      isDown ? restSeconds(rounds) : 0,
      done,
      held.map(([orderId]) => orderId),
      heldEnds.map(({ left }) => JSON.stringify(left)),
      heldEnds.map(({ attempts }) => attempts),
      heldEnds.map(({ attempts, error }) => (error === undefined ? 0 : backoffSeconds(attempts))),
      heldEnds.map(({ attempts }) => attempts >= this.options.maxAttempts),
      heldEnds.map(({ error }) => error),
      [...joining.keys()],
      [...joining.values()].map((events) => JSON.stringify(events)),
    ]);
    if (rowCount === 1 && accepts && failedRounds > 0) await this.pool.query(HURRY_SQL, [id]);
  }

  async #due(webhookId: string): Promise<[string, Lane][]> {
    const { rows } = await this.pool.query<DueRow>(DUE_SQL, [webhookId, MOST_DUE]);
    return rows.map(({ orderId, events, attempts }) => [
      orderId,
      { attempts, events: events.map((event) => ({ ...event, at: new Date(event.at) })) },
    ]);
  }

  async #held(webhookId: string, events: readonly OrderEvent[]): Promise<ReadonlySet<string>> {
    const orders = events.map(({ orderId }) => orderId);
    const { rows } = await this.pool.query<{ orderId: string }>(HELD_SQL, [webhookId, orders]);
    return new Set(rows.map(({ orderId }) => orderId));
  }
}
