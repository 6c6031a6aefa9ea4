const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

export const count = (value: number) => whole.format(value);
export const seconds = (ms: number) => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 0)} s`;
export const milliseconds = (ms: number | undefined) =>
  ms === undefined ? '–' : `${(ms < 100 ? precise : whole).format(ms)} ms`;
