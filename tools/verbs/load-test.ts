import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ExpectedError } from '../../local/expected-error.js';
import { root } from '../../local/paths.mjs';
import { runInForeground } from '../../local/processes/run-command.js';
import { k6Command } from '../../local/setup/k6-command.js';
import { readStackFile } from '../../local/stack/stack-file.js';

const scripts = join(root, 'load-tests');

/** npm run load-test -- <name> [k6's own arguments] */
export async function run([name, ...args]: string[]): Promise<number> {
  const script = scriptOf(name);
  const target = targetOf(process.env);
  const directory = join(root, 'reports/load-test', new Date().toISOString().replaceAll(/[:.]/g, '-'));
  mkdirSync(directory, { recursive: true });
  const command = await k6Command(['run', '--no-usage-report', '--address', '127.0.0.1:0', ...args, script], {
    ...target,
    SUMMARY_DIR: directory,
    K6_WEB_DASHBOARD: 'true',
    K6_WEB_DASHBOARD_PERIOD: '1s',
    K6_WEB_DASHBOARD_EXPORT: join(directory, 'k6-dashboard.html'),
    K6_WEB_DASHBOARD_PORT: '-1', // only the report, no server
  });
  const exitCode = await runInForeground(command.file, command.args, command.env);
  console.log(`\nReport: ${relative(process.cwd(), directory)}`);
  return exitCode;
}

function scriptOf(name: string | undefined): string {
  const names = readdirSync(scripts)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
  if (name && names.includes(name)) return join(scripts, `${name}.ts`);
  throw new ExpectedError(
    `${name ? `There is no load test ${name}` : 'Which load test?'} npm run load-test -- <${names.join(' | ')}>`,
  );
}

/** The stack that API_URL (or API_URLS) and ADMIN_KEY name, or the one `npm start` runs. */
function targetOf({ API_URL, API_URLS = API_URL, ADMIN_KEY }: NodeJS.ProcessEnv): Record<string, string> {
  if (API_URLS && ADMIN_KEY) return { API_URLS, ADMIN_KEY };
  const stack = readStackFile();
  if (stack) return { API_URLS: stack.apiUrls.join(','), ADMIN_KEY: stack.adminKey };
  throw new ExpectedError(
    'No stack is running. Start one in another terminal with `npm start`, or set API_URL and ADMIN_KEY to one that is.',
  );
}
