import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What the system knows of a process: when it `started` (in the system's own notation), its `parent` and its `name`.
 * A pid alone is reused, a pid with its start is not. A zombie counts as gone: perhaps nobody reaps it.
 */
export function inspect(pid) {
  return process.platform === 'linux' ? inspectProc(pid) : inspectPs(pid);
}

function inspectProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // pid (name) state parent ... start; the name may contain spaces and parentheses.
    const [from, to] = [stat.indexOf('('), stat.lastIndexOf(')')];
    const [state, parent, ...rest] = stat.slice(to + 2).split(' ');
    return state === 'Z'
      ? undefined
      : { started: rest[17], parent: Number(parent), name: stat.slice(from + 1, to) };
  } catch {
    return undefined;
  }
}

function inspectPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,ppid=,lstart=,args=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [, state, parent, started, name] = /^(\S+)\s+(\d+)\s+((?:\S+\s+){5})(.*)/.exec(stdout.trim()) ?? [];
  if (state === undefined || state.startsWith('Z')) return undefined;
  return { started: String(Date.parse(started)), parent: Number(parent), name };
}

/** The processes that this one started itself. */
export function childrenOf(parent) {
  return allPids().flatMap((pid) => {
    const found = inspect(pid);
    return found?.parent === parent ? [{ pid, started: found.started }] : [];
  });
}

function allPids() {
  if (process.platform === 'linux')
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  return spawnSync('ps', ['-A', '-o', 'pid='], { encoding: 'utf8' }).stdout.trim().split(/\s+/).map(Number);
}

/** @returns undefined if there is no such process. */
export const startOf = (pid) => inspect(pid)?.started;

/** @param {{ pid: number, started?: string }} recorded */
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
