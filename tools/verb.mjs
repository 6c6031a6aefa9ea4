/**
 * Every npm verb starts here: node tools/verb.mjs <verb> [args]. Node built-ins only: a fresh clone has nothing else. A verb is a file
 * verbs/<verb>.ts that exports `run(args): Promise<number>`, its exit code. What it starts is ended here, or by the guard.
 */
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { installDependencies } from './install.mjs';
import { inspect, isAlive } from '../local/processes/process-table.mjs';
import { endRun } from '../local/processes/run.mjs';

const [name, ...args] = process.argv.slice(2);

const exitCode = await Promise.race([interruption(), main()]);
await endRun();
process.exit(exitCode);

async function main() {
  try {
    checkMachine();
    const verb = verbFile(name);
    await installDependencies();
    const { register } = await import('tsx/esm/api');
    register();
    const { run } = await import(verb.href);
    return await run(args);
  } catch (error) {
    console.error(`\n✗ ${isExpected(error) ? error.message : error.stack}`);
    return 1;
  }
}

function checkMachine() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node.js 20.19 or newer is needed; this is ${process.version} (${process.execPath}).`);
  }
  if (process.platform === 'win32') fail('Linux or macOS is needed; on Windows, run this inside WSL.');
}

function verbFile(verb) {
  const directory = new URL('verbs/', import.meta.url);
  const verbs = readdirSync(directory).filter((file) => /^[a-z-]+\.ts$/.test(file));
  if (verbs.includes(`${verb}.ts`)) return new URL(`${verb}.ts`, directory);
  return fail(`There is no verb ${verb ?? ''}. Verbs: ${verbs.map((file) => file.slice(0, -3)).join(', ')}.`);
}

function isExpected(error) {
  return error.expected || error.code?.startsWith('ERR_PARSE_ARGS');
}

function fail(message) {
  throw Object.assign(new Error(message), { expected: true });
}

/** The exit code of a verb that somebody stops. */
function interruption() {
  return new Promise((resolve) => {
    const stop = (signal) => {
      // Ctrl-C is how `start` is meant to end.
      resolve(name === 'start' ? 0 : 128 + constants.signals[signal]);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop);
    whenNpmDies(() => stop('SIGTERM'));
  });
}

/** npm passes signals on, but if npm itself is killed nobody waits for this verb any more. */
function whenNpmDies(stop) {
  const npm = findNpm();
  if (!npm) return;
  const watch = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(watch);
    stop();
  }, 500);
  watch.unref();
}

/** The parent, or its parent where the shell between the two is still there. */
function findNpm() {
  for (const pid of [process.ppid, inspect(process.ppid)?.parent]) {
    const found = inspect(pid);
    if (found?.name.startsWith('npm ')) return { pid, started: found.started };
  }
  return undefined;
}
