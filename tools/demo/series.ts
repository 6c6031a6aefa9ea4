import type { Point } from './summary.js';

/** The sale stays as it ended until the load ends. */
export function extendTo(seconds: number, series: Point[]): Point[] {
  const last = series.at(-1);
  return last && last[0] < seconds ? [...series, [seconds, last[1], last[2]]] : series;
}

/** The last point of each of `slots` equal spans of time: as much as a chart can show. */
export function thinOut(series: Point[], slots: number): Point[] {
  const end = series.at(-1)?.[0] ?? 0;
  const slotOf = ([seconds]: Point) => Math.floor((seconds / end) * slots);
  return series.filter((point, i) => {
    const next = series[i + 1];
    return i === 0 || !next || slotOf(next) > slotOf(point);
  });
}
