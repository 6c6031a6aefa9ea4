import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startOf } from './process-table.mjs';
import { logDirectory, runDirectory, runIdOf } from './runs.mjs';

let current;

/** The run of this process, begun with its first use: its directories, and the guard that cleans up after it. */
export function currentRun() {
  return (current ??= begin());
}

/** Ends everything this run started and waits until it is gone. */
export async function endRun() {
  if (!current) return;
  current.ending = true;
  current.guard.ref();
  current.guard.stdin.end();
  if (current.guard.exitCode === null && current.guard.signalCode === null) await once(current.guard, 'exit');
}

function begin() {
  const id = runIdOf(process.pid);
  mkdirSync(runDirectory(id), { recursive: true });
  mkdirSync(logDirectory(id), { recursive: true });
  const guard = spawn(process.execPath, [fileURLToPath(new URL('guard.mjs', import.meta.url)), id], {
    detached: true, // its own session: Ctrl-C in the terminal is not for the guard
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  guard.stdin.unref();
  const tell = (message) => guard.stdin.write(`${JSON.stringify(message)}\n`);
  guard.stdin.on('error', () => {}); // a dead guard is reported by its exit
  const run = {
    id,
    guard,
    ending: false,
    directory: runDirectory(id),
    logs: logDirectory(id),
    endAtLatest: (pid, { group = false, signal = 'SIGTERM', stopLast = false } = {}) => {
      tell({ process: { pid, started: startOf(pid), group, signal, stopLast } });
    },
    removeAtEnd: (path) => void tell({ path }),
  };
  guard.once('exit', () => {
    if (!run.ending)
      throw new Error('The guard process died: what this run started can no longer be ended reliably.');
  });
  return run;
}
