import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds of a clock that all processes of this machine share and nobody sets. */
export const monotonicMs = () => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/** Waits until `condition` holds; fails with what was awaited. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = monotonicMs() + withinMs;
  while (!(await condition())) {
    if (monotonicMs() > deadline) throw new Error(`within ${withinMs} ms this did not happen: ${what}`);
    await sleep(10);
  }
}

/** The outcome of `promise`; fails with what was awaited if it takes longer. */
export async function within<T>(withinMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`within ${withinMs} ms this did not happen: ${what}`)),
      withinMs,
    );
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
