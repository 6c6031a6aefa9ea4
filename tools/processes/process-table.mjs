import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * When the process started, in the system's own notation; undefined when there is none. A pid alone is reused, a pid with
 * its start is not. A zombie counts as gone: where nothing reaps orphans it would stay for ever.
 */
export function startOf(pid) {
  return process.platform === 'linux' ? startInProc(pid) : startFromPs(pid);
}

function startInProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may contain spaces. After it: the state, ..., and as the 20th field the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startFromPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '') ?? [];
  return state === undefined || state.startsWith('Z') ? undefined : String(Date.parse(started));
}

export const isAlive = ({ pid, started }) => started !== undefined && startOf(pid) === started;

/** Asks the processes to end, each by its own signal, and kills what is still there after `graceMs`. */
export async function endAll(entries, graceMs) {
  const running = () => entries.filter(isAlive);
  for (const entry of running()) send(entry, entry.signal);
  const deadline = Date.now() + graceMs;
  while (running().length > 0 && Date.now() < deadline) await delay(20);
  for (const entry of running()) send(entry, 'SIGKILL');
}

function send({ pid, group }, signal) {
  try {
    process.kill(group ? -pid : pid, signal);
  } catch {
    // It ended in the meantime.
  }
}
