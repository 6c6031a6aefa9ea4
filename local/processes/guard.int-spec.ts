import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { localDirectory, root } from '../paths.mjs';
import { isAlive, startOf } from './process-table.mjs';
import { currentRun } from './run.mjs';

interface Recorded {
  pid: number;
  started?: string;
}

const runs = join(localDirectory, 'run');
const bounded = { timeout: 20_000, interval: 20 };

describe('the guard', () => {
  const owners: ChildProcess[] = [];
  afterEach(() => owners.splice(0).forEach((owner) => owner.kill('SIGKILL')));

  /** A process that holds a private Postgres and Redis. */
  async function holder() {
    const script = join(root, 'local/processes/test/holds-services.ts');
    const owner = spawn(process.execPath, ['--import', 'tsx', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    currentRun().endAtLatest(owner.pid!);
    owners.push(owner);
    for await (const line of createInterface({ input: owner.stdout })) {
      if (line.startsWith('{'))
        return { owner, ...(JSON.parse(line) as { databaseUrl: string; redisUrl: string }) };
    }
    throw new Error('The holder ended before it had its services.');
  }

  it('ends everything that a killed process started, and removes its directory', async () => {
    const { owner } = await holder();
    const { directory, processes } = runOf(owner);
    expect(processes.map(isAlive)).toEqual([true, true]);

    owner.kill('SIGKILL');

    await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]), bounded);
    await vi.waitFor(() => expect(existsSync(directory)).toBe(false), bounded);
  });

  it('keeps two runs of one checkout apart', async () => {
    const [first, second] = await Promise.all([holder(), holder()]);
    first.owner.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(runOf(first.owner).directory)).toBe(false), bounded);

    expect(runOf(second.owner).processes.map(isAlive)).toEqual([true, true]);
    const client = new pg.Client(second.databaseUrl);
    await client.connect();
    await client.end();
  });

  it('cleans up after a crashed run, without touching a process that merely has its pid', async () => {
    const leftover = await sleeper();
    const stranger = await sleeper();
    const dead = await sleeper();
    dead.kill('SIGKILL');
    await once(dead, 'exit');
    const directory = join(runs, `${dead.pid}-1`);
    mkdirSync(directory, { recursive: true });
    const recorded = (process: ChildProcess, started = startOf(process.pid!)) => ({
      pid: process.pid!,
      started,
      group: false,
      signal: 'SIGTERM',
      stopLast: false,
    });
    const processes = [recorded(leftover), recorded(stranger, 'another start')];
    const record = { guard: { pid: dead.pid, started: '1' }, processes, paths: [] };
    writeFileSync(join(directory, 'run.json'), JSON.stringify(record));

    await holder();

    await vi.waitFor(() => expect(existsSync(directory)).toBe(false), bounded);
    expect(leftover.signalCode).toBe('SIGTERM');
    expect(isAlive(recorded(stranger))).toBe(true);
  });

  async function sleeper() {
    const process = spawn('sleep', ['60']);
    owners.push(process);
    await once(process, 'spawn');
    return process;
  }
});

function runOf({ pid }: ChildProcess) {
  const id = readdirSync(runs).find((name) => name.startsWith(`${pid}-`));
  const directory = join(runs, id ?? `${pid}-`);
  const file = join(directory, 'run.json');
  const { processes = [] } = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { processes: Recorded[] })
    : {};
  return { directory, processes };
}
