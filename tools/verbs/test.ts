import { join } from 'node:path';
import { root } from '../paths.mjs';
import { runInForeground } from '../processes/run-command.js';
import { build } from '../setup/build.js';
import { provideChromium } from '../setup/chromium.js';
import { provideK6 } from '../setup/k6.js';
import { meetAll } from '../setup/meet-need.js';
import { providePostgres } from '../setup/postgres.js';
import { provideRedis } from '../setup/redis.js';

/** npm test [-- vitest's own arguments] */
export async function run(args: string[]): Promise<number> {
  // Here, where a long installation is seen, rather than in the tests' own set-up.
  await meetAll(providePostgres, provideRedis, provideK6, provideChromium);
  await build();
  return runInForeground(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args]);
}
