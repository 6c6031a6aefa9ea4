/** The state of a sale at a moment: seconds since its first order, then units. */
type Moment = readonly [seconds: number, ...units: number[]];

/** As much as a chart can show. */
const CHART_POINTS = 300;

/** The sale stays as it ended until the load ends. */
export function extendTo<P extends Moment>(seconds: number, series: P[]): P[] {
  const last = series.at(-1);
  return last && last[0] < seconds ? [...series, [seconds, ...last.slice(1)] as unknown as P] : series;
}

/** The last point of each of `slots` equal spans of time. */
export function thinOut<P extends Moment>(series: P[], slots = CHART_POINTS): P[] {
  const end = series.at(-1)?.[0] ?? 0;
  const slotOf = ([seconds]: P) => Math.floor((seconds / end) * slots);
  return series.filter((point, i) => {
    const next = series[i + 1];
    return i === 0 || !next || slotOf(next) > slotOf(point);
  });
}
