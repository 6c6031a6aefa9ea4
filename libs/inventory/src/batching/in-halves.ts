import { isAboutSome } from '../section/verdict-on.js';

/**
 * Does the work for the first `most` of a queue at once. If some of them make it fail, it halves the batch until each culprit is
 * alone, and passes that to `alone`. After any other failure the rest returns to the queue.
 */
export async function inHalves<W>(
  queue: W[],
  most: number,
  work: (batch: readonly W[]) => Promise<void>,
  alone: (one: W, error: unknown) => void,
): Promise<void> {
  const batches = [queue.splice(0, most)];
  try {
    for (let batch = batches[0]; batch; batch = batches[0]) {
      try {
        await work(batch);
        batches.shift();
      } catch (error) {
        if (!isAboutSome(error)) throw error;
        batches.shift();
        if (batch.length === 1) alone(batch[0]!, error);
        else batches.unshift(...halvesOf(batch));
      }
    }
  } finally {
    queue.unshift(...batches.flat());
  }
}

function halvesOf<W>(batch: readonly W[]): [W[], W[]] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}
