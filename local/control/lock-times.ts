import type { Replica } from '../stack/replica.js';

/** Sums over the workers since they started, by lock driver. */
export type LockTimes = Record<string, Record<'waits' | 'waitedSeconds' | 'holds' | 'heldSeconds', number>>;

const FIGURES = {
  lock_wait_seconds_count: 'waits',
  lock_wait_seconds_sum: 'waitedSeconds',
  lock_hold_seconds_count: 'holds',
  lock_hold_seconds_sum: 'heldSeconds',
} as const;

/** What the workers' metrics say of waits and holds. A worker that does not answer is left out. */
export async function readLockTimes(workers: readonly Replica[]): Promise<LockTimes> {
  const times: LockTimes = {};
  for (const text of await Promise.all(workers.map(readMetrics))) {
    for (const [, metric, driver, value] of text.matchAll(
      /^(\w+)\{[^}\n]*driver="([\w-]+)"[^}\n]*\} (\S+)$/gm,
    )) {
      const figure = FIGURES[metric as keyof typeof FIGURES] as
        (typeof FIGURES)[keyof typeof FIGURES] | undefined;
      if (!figure) continue;
      const ofDriver = (times[driver!] ??= { waits: 0, waitedSeconds: 0, holds: 0, heldSeconds: 0 });
      ofDriver[figure] += Number(value);
    }
  }
  return times;
}

async function readMetrics({ url }: Replica): Promise<string> {
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(1_000) });
    return await answer.text();
  } catch {
    return '';
  }
}
