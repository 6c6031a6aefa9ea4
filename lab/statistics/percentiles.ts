/** In milliseconds. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** Digits beyond these are noise. */
export const rounded = (value: number) => Math.round(value * 100) / 100;

export function roundedAll({ p50, p95, p99 }: Percentiles): Percentiles {
  return { p50: rounded(p50), p95: rounded(p95), p99: rounded(p99) };
}
