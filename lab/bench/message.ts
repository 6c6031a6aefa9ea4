import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The next message of a process of the benchmark; rejects if the process ends first. */
export async function message(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: stop.signal }).then(([value]: unknown[]) => value),
      once(child, 'exit', { signal: stop.signal }).then(([code]) => {
        throw new Error(`a process of the benchmark ended early with code ${code}`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}
