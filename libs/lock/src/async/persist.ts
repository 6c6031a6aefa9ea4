import { setTimeout as sleep } from 'node:timers/promises';
import { ANSWER_MS } from './answer-ms.js';

/** Between two tries at a store that does not answer. */
export const RETRY_PAUSE_MS = 100;

/** Repeats a command that got no answer. Only for commands that do no harm when they are carried out twice, or late. */
export async function persist<T>(
  command: () => Promise<T>,
  isUnanswered: (error: unknown) => boolean,
): Promise<T> {
  const giveUpAt = performance.now() + ANSWER_MS;
  for (;;) {
    try {
      return await command();
    } catch (error) {
      if (!isUnanswered(error) || performance.now() >= giveUpAt) throw error;
      await sleep(RETRY_PAUSE_MS);
    }
  }
}
