import type { OrderEvent } from '../order-event.js';

/** The events of one order that an endpoint is to accept, one after the other. */
export interface Lane {
  readonly events: readonly OrderEvent[];
  /** How often the first of them was tried before. */
  readonly attempts: number;
}

/** What became of a lane. */
export interface LaneEnd {
  /** How many events were accepted. */
  readonly accepted: number;
  /** What was not accepted. */
  readonly left: readonly OrderEvent[];
  /** Of the first that is left. */
  readonly attempts: number;
  /** Why that one was not accepted; absent if it was not tried. */
  readonly error?: string;
}

/**
 * Sends an order's events, each once the one before it was accepted.
 *
 * @param time begins no request after `late`, and none once `ending` aborts
 */
export async function run(
  { events, attempts }: Lane,
  { late, ending }: { readonly late: number; readonly ending: AbortSignal },
  send: (event: OrderEvent) => Promise<string | undefined>,
): Promise<LaneEnd> {
  for (const [i, event] of events.entries()) {
    const untried = { accepted: i, left: events.slice(i), attempts: i === 0 ? attempts : 0 };
    if (ending.aborted || performance.now() > late) return untried;
    const error = await send(event);
    if (error === undefined) continue;
    // Nobody knows what became of a request that was cut off, so it does not count, and comes again.
    return ending.aborted ? untried : { ...untried, attempts: untried.attempts + 1, error };
  }
  return { accepted: events.length, left: [], attempts: 0 };
}
