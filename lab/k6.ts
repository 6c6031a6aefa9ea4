import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ExpectedError } from '../local/expected-error.js';
import { root } from '../local/paths.mjs';
import { currentRun } from '../local/processes/run.mjs';
import { k6Command } from '../local/setup/k6-command.js';
import type { Percentiles } from './statistics/percentiles.js';

/** `k6-summary.json` of the load tests, as far as it is used here. */
export interface K6Summary {
  saleId: string;
  requests: number;
  accepted: number;
  soldOut: number;
  /** 503: the queue was full. */
  refused: number;
  unexpected: number;
  droppedIterations: number;
  latencyMs: Percentiles;
  /** Of payments, where buyers pay. */
  paymentMs: Percentiles;
  /** Requests that meant no good, of `attack.ts`. */
  attacks: number;
  /** Of the buyers of `full-journey.ts`, by what they did; what nobody did is left out. */
  journeys: Partial<Record<'paid' | 'waited', number>>;
  audit: Record<'available' | 'held' | 'sold' | 'oversold' | 'lost_updates' | 'refused_with_stock', number>;
}

/** k6 as this machine has it, with the key of a stack; the arguments of a run are appended. */
export const k6For = ({ adminKey }: { adminKey: string }) => k6Command([], { ADMIN_KEY: adminKey });
export type K6 = Awaited<ReturnType<typeof k6For>>;

export interface K6Run {
  script: string;
  env: Record<string, string | number>;
  /** Gets its summary and, as `k6.html`, its own report. */
  directory: string;
  /** The file that gets what the script itself prints. */
  output?: string;
  onRequests?: (requests: number) => void;
}

/** k6's exit code when a threshold was crossed: the test ran, and what it found is for the verdict to judge. */
const thresholdCrossed = 99;

/** Runs a load test to its end, which is when the queue has drained. */
export async function runK6(k6: K6, run: K6Run): Promise<K6Summary> {
  await mkdir(run.directory, { recursive: true });
  const subprocess = execa(k6.file, [...k6.args, ...argumentsOf(run)], {
    env: k6.env,
    all: true,
    cleanup: false, // the guard ends it
    detached: true,
    reject: false,
    stdin: 'ignore',
  });
  if (subprocess.pid) currentRun().endAtLatest(subprocess.pid, { group: true });
  for await (const line of subprocess) {
    const completed = /(\d+) complete and/.exec(line)?.[1];
    if (completed) run.onRequests?.(Number(completed));
  }
  const { exitCode, all, shortMessage } = await subprocess;
  if (currentRun().ending) await new Promise(() => {}); // stopped from outside: whoever did so needs no explanation
  if (exitCode !== 0 && exitCode !== thresholdCrossed) {
    const errors = [...all.matchAll(/level=error msg="((?:\\.|[^"])*)"/g)].map(([, message]) => message!);
    throw new ExpectedError(
      [`k6 could not run ${run.script}:`, ...(errors.length > 0 ? errors : [shortMessage])].join('\n  '),
    );
  }
  return JSON.parse(await readFile(join(run.directory, 'k6-summary.json'), 'utf8')) as K6Summary;
}

function argumentsOf({ script, env, directory, output }: K6Run): string[] {
  const dashboard = `web-dashboard=export=${join(directory, 'k6.html')}&period=1s&port=-1`;
  // Any free port for the REST interface: two demos at once must not collide on the usual one.
  const options = ['--no-color', '--no-usage-report', '--address', '127.0.0.1:0', '--out', dashboard];
  if (output) options.push('--console-output', output);
  const variables = Object.entries({ ...env, SUMMARY_DIR: directory }).flatMap(([name, value]) => [
    '--env',
    `${name}=${value}`,
  ]);
  return ['run', ...options, ...variables, join(root, 'load-tests', script)];
}

export async function k6Version({ file, args, env }: K6): Promise<string> {
  const { stdout } = await execa(file, [...args, 'version'], { env });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown';
}
