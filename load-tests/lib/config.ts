const runners = positive('RUNNERS', 1);
const target = __ENV.TARGET;
if (target && (runners > 1 || __ENV.EXPECT))
  throw new Error('RUNNERS and EXPECT are for the shop of this project, not for a target');

/** The environment of a load test. A value that cannot be used stops k6 before the first request. */
export const config = {
  apiUrls: required('API_URLS')
    .split(',')
    .map((url) => url.trim().replace(/\/+$/, '')),
  adminKey: target ? '' : required('ADMIN_KEY'),
  /** The module that tells how to use another shop. */
  target,
  strategy: __ENV.STRATEGY || 'redis',
  saleName: __ENV.SALE_NAME,
  /** How many runs load one sale together, each with its share, and which of them this is, from 0. */
  runners,
  runner: below(runners, 'RUNNER'),
  /** The Idempotency-Key with which a sale is opened: all runs that have the same one load the same sale. */
  saleKey: runners > 1 ? required('SALE_KEY', 'All runners of a sale need the same one') : __ENV.SALE_KEY,
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

export function required(name: string, advice = 'With a stack running: npm run load-test -- <name>'): string {
  const value = __ENV[name];
  if (value) return value;
  throw new Error(`${name} is not set. ${advice}`);
}

function below(bound: number, name: string): number {
  const value = Number(__ENV[name] || 0);
  if (Number.isInteger(value) && value >= 0 && value < bound) return value;
  throw new Error(`${name} must be a whole number from 0 to ${bound - 1}, not '${__ENV[name]}'`);
}

function oneOf<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
  const value = __ENV[name] || allowed[0];
  const found = allowed.find((candidate) => candidate === value);
  if (found) return found;
  throw new Error(`${name} must be one of ${allowed.join(', ')}, not '${value}'`);
}
