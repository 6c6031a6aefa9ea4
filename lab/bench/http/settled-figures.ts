import { quantile } from '../../statistics/quantiles.js';
import type { Settlement } from '../../truth/orders.js';

/** What the orders of one sale came to; durations in milliseconds. */
export interface SettledFigures {
  readonly ended: number;
  /** From the first acceptance to the last. */
  readonly acceptedPerSecond: number;
  /** From the first acceptance until the last order was terminal. */
  readonly settledPerSecond: number;
  /** From the last acceptance until every order was terminal. */
  readonly drainMs: number;
  readonly terminalP50Ms: number;
  readonly terminalP95Ms: number;
  readonly terminalP99Ms: number;
}

export function settledFigures(settlements: readonly Settlement[]): SettledFigures {
  let firstAccepted = Infinity;
  let lastAccepted = -Infinity;
  let lastSettled = -Infinity;
  for (const [acceptedAt, settledAt] of settlements) {
    firstAccepted = Math.min(firstAccepted, acceptedAt);
    lastAccepted = Math.max(lastAccepted, acceptedAt);
    lastSettled = Math.max(lastSettled, settledAt);
  }
  const times = settlements.map(([acceptedAt, settledAt]) => settledAt - acceptedAt).sort((a, b) => a - b);
  return {
    ended: settlements.length,
    acceptedPerSecond: (settlements.length * 1_000) / (lastAccepted - firstAccepted),
    settledPerSecond: (settlements.length * 1_000) / (lastSettled - firstAccepted),
    drainMs: lastSettled - lastAccepted,
    terminalP50Ms: quantile(times, 0.5),
    terminalP95Ms: quantile(times, 0.95),
    terminalP99Ms: quantile(times, 0.99),
  };
}
