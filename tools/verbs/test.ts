import { join } from 'node:path';
import { root } from '../../local/paths.mjs';
import { runInForeground } from '../../local/processes/run-command.js';
import { build } from '../../local/setup/build.js';
import { provideChromium } from '../../local/setup/chromium.js';
import { provideK6 } from '../../local/setup/k6.js';
import { meetAll } from '../../local/setup/meet-need.js';
import { providePostgres } from '../../local/setup/postgres.js';
import { provideRedis } from '../../local/setup/redis.js';

/** npm test [-- vitest's own arguments] */
export async function run(args: string[]): Promise<number> {
  // Here, where a long installation is seen, rather than in the tests' own set-up.
  await meetAll(providePostgres, provideRedis, provideK6, provideChromium);
  await build();
  return runInForeground(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args]);
}
