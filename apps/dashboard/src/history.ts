import { useRef } from 'preact/hooks';
import type { Live } from './api.js';

/** Seconds since the sale began to move, and units sold by then. */
export type Curve = readonly [seconds: number[], sold: number[]];

interface History {
  readonly curve: Curve;
  readonly ordersPerSecond: number;
}

/** Rates are taken over so many milliseconds. */
const WINDOW_MS = 2_000;

/** What has been seen of a sale. Nothing is added while nothing happens, so that the curve of a run stays. */
export function useHistory(live: Live | undefined, busy: boolean): History {
  const seen = useRef<Live[]>([]);
  const points = seen.current;
  const last = points.at(-1);
  if (live && live !== last) {
    const still = last && !busy && last.settled === live.settled && last.total.pending === live.total.pending;
    if (still) points[points.length - 1] = { ...live, at: points.length === 1 ? live.at : last.at };
    else points.push(live);
  }
  return { curve: curveOf(points), ordersPerSecond: rateOf(points, live) };
}

export const soldIn = ({ total }: Live) => total.held + total.sold;

function curveOf(points: readonly Live[]): Curve {
  const began = points[0]?.at ?? 0;
  return [points.map(({ at }) => (at - began) / 1_000), points.map(soldIn)];
}

function rateOf(points: readonly Live[], live: Live | undefined): number {
  const newest = points.at(-1);
  if (!live || !newest || live.at - newest.at > WINDOW_MS) return 0;
  const since = points.findLast(({ at }) => at <= newest.at - WINDOW_MS) ?? points[0]!;
  return newest.at > since.at ? ((newest.settled - since.settled) * 1_000) / (newest.at - since.at) : 0;
}
