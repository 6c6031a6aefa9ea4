import { setTimeout as sleep } from 'node:timers/promises';

/** Between two tries of a lock that does not wait, in milliseconds. */
const RETRY_MS = 50;

/** As users of a lock that does not wait have to write it: tries until it is granted or the time is over. */
export async function retry<T>(wait: number, attempt: () => Promise<T | undefined | void>): Promise<T> {
  const giveUpAt = performance.now() + wait;
  for (;;) {
    const granted = await attempt();
    if (granted) return granted;
    if (performance.now() > giveUpAt) throw new Error(`not granted within ${wait} ms`);
    await sleep(RETRY_MS);
  }
}
