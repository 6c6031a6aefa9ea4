/** The environment of a load test. A value that cannot be used stops k6 before the first request. */
export const config = {
  apiUrls: required('API_URLS')
    .split(',')
    .map((url) => url.trim().replace(/\/+$/, '')),
  adminKey: required('ADMIN_KEY'),
  strategy: __ENV.STRATEGY || 'redis',
  saleName: __ENV.SALE_NAME,
  /** What the audit has to show: `safe` sells exactly what is there, `oversold` more, `any` is not judged. */
  expect: oneOf('EXPECT', ['safe', 'oversold', 'any'] as const),
  drainTimeoutSeconds: positive('DRAIN_TIMEOUT', 60),
  summaryDir: __ENV.SUMMARY_DIR,
};

export type Expectation = typeof config.expect;

export function positive(name: string, fallback: number): number {
  const value = Number(__ENV[name] || fallback);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} must be a whole number above 0, not '${__ENV[name]}'`);
}

export function required(name: string): string {
  const value = __ENV[name];
  if (value) return value;
  throw new Error(`${name} is not set. With a stack running: npm run load-test -- <name>`);
}

function oneOf<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
  const value = __ENV[name] || allowed[0];
  const found = allowed.find((candidate) => candidate === value);
  if (found) return found;
  throw new Error(`${name} must be one of ${allowed.join(', ')}, not '${value}'`);
}
