import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { judgeShop } from '../../lab/truth/judge-shop.js';
import { ExpectedError } from '../../local/expected-error.js';
import { root } from '../../local/paths.mjs';
import { runInForeground } from '../../local/processes/run-command.js';
import { k6Command } from '../../local/setup/k6-command.js';
import { readStackFile } from '../../local/stack/stack-file.js';
import { parseLoadTest, type LoadTest } from '../options/load-test.js';
import { checkTarget } from '../target.js';

const scripts = join(root, 'load-tests');
const names = readdirSync(scripts)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
/** k6's exit code when a threshold was crossed: the test ran. */
const CROSSED = 99;

/** npm run load-test -- <name> [--target module] [k6's own arguments] */
export async function run(args: string[]): Promise<number> {
  const test = parseLoadTest(args, names);
  const script = join(scripts, `${test.name}.ts`);
  const shop = shopOf(test, process.env);
  if (test.target) await checkTarget(test.target, script, shop);
  const directory = join(root, 'reports/load-test', new Date().toISOString().replaceAll(/[:.]/g, '-'));
  mkdirSync(directory, { recursive: true });
  const told = join(directory, 'told.log');
  const options = ['--no-usage-report', '--address', '127.0.0.1:0'];
  if (test.target) options.push('--log-format', 'raw', '--console-output', told);
  const command = await k6Command(['run', ...options, ...test.k6, script], {
    ...shop,
    SUMMARY_DIR: directory,
    K6_WEB_DASHBOARD: 'true',
    K6_WEB_DASHBOARD_PERIOD: '1s',
    K6_WEB_DASHBOARD_EXPORT: join(directory, 'k6-dashboard.html'),
    K6_WEB_DASHBOARD_PORT: '-1', // only the report, no server
  });
  const exitCode = await runInForeground(command.file, command.args, command.env);
  const hasRun = exitCode === 0 || exitCode === CROSSED;
  const { DATABASE_URL: databaseUrl } = process.env;
  const passes =
    !test.target || !hasRun || (await judgeShop({ directory, loaded: exitCode === 0, databaseUrl }));
  console.log(`\nReport: ${relative(process.cwd(), directory)}`);
  return exitCode || (passes ? 0 : 1);
}

/** Where the shop is, for k6: that of the target, the stack that API_URL (or API_URLS) and ADMIN_KEY name, or the one `npm start` runs. */
function shopOf(
  { name, target }: LoadTest,
  { API_URL, API_URLS = API_URL, ADMIN_KEY, DATABASE_URL = '' }: NodeJS.ProcessEnv,
): Record<string, string> {
  if (target) {
    if (API_URLS) return { API_URLS, DATABASE_URL, TARGET: target };
    throw new ExpectedError(
      `Where is the shop? API_URL=http://host:port npm run load-test -- ${name} --target ${target}`,
    );
  }
  if (API_URLS && ADMIN_KEY) return { API_URLS, ADMIN_KEY };
  const stack = readStackFile();
  if (stack) return { API_URLS: stack.apiUrls.join(','), ADMIN_KEY: stack.adminKey };
  throw new ExpectedError(
    'No stack is running. Start one in another terminal with `npm start`, or set API_URL and ADMIN_KEY to one that is.',
  );
}
