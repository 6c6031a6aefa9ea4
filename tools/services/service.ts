import { setTimeout as delay } from 'node:timers/promises';
import { ExpectedError } from '../expected-error.js';

export interface Service {
  url: string;
  /** Ends it, unless it is the user's own. */
  stop(): Promise<void>;
}

const answerMs = 10_000;

/** A server that somebody else runs: it must answer, and it is not ours to stop. */
export async function external(
  variable: string,
  url: string,
  isReady: (url: string) => Promise<boolean>,
): Promise<Service> {
  const deadline = Date.now() + answerMs;
  while (!(await isReady(url).catch(() => false))) {
    if (Date.now() > deadline)
      throw new ExpectedError(`Nothing answers at ${variable} within ${answerMs / 1000} s.`);
    await delay(200);
  }
  return { url, stop: async () => {} };
}
