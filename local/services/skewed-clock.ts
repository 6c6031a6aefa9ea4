import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { provideFaketime } from '../setup/faketime.js';
import { dataDirectory, nextName } from './service.js';

/** The wall clock of one process, which can be set while it runs. Its monotonic clock is the machine's. */
export interface SkewedClock {
  /** What the process has to be started with. */
  readonly env: NodeJS.ProcessEnv;
  /** Sets it so many milliseconds ahead of the machine's, at once. */
  set(aheadMs: number): Promise<void>;
}

/** Source: https://github.com/wolfcw/libfaketime */
export async function skewedClock(aheadMs = 0): Promise<SkewedClock> {
  const { library } = await provideFaketime();
  const file = join(await dataDirectory(nextName('clock')), 'ahead');
  const set = (ms: number) => writeFile(file, `+${ms / 1_000}\n`);
  await set(aheadMs);
  return {
    set,
    env: {
      // A malloc of the program's own asks for the time before the library is ready to tell it: libc's does not.
      LD_PRELOAD: `${library}:libc.so.6`,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  };
}
