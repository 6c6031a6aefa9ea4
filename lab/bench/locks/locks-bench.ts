import { LOCK_SERVER_VARIABLES } from '@app/config';
import { BACKENDS, serversIn } from '../../servers.js';
import { Samples } from '../../statistics/samples.js';
import { inTurn } from '../in-turn.js';
import type { BenchResult } from '../result.js';
import { COMPARED_LOCKS, isMeant, LOCKS_IN_DEAD_TIME, type ComparedLock } from './compared-locks.js';
import {
  contended,
  contendedName,
  DEAD_TIME,
  deadTime,
  SECTIONS_MS,
  UNCONTENDED,
  uncontended,
} from './measures.js';
import { lockTables } from './lock-tables.js';

export interface LocksBenchOptions {
  /** Names of contenders or of their stores. Empty: all whose servers are given. */
  readonly only: readonly string[];
  /** Of each run under contention. */
  readonly seconds: number;
  readonly rounds: number;
}

/** Holders die side by side: hardly anything happens while their TTLs pass. */
const DEAD_TIMES_AT_ONCE = 4;
/** A dead time longer than this is measured once, in milliseconds. */
const LONG_DEAD_TIME = 20_000;

/**
 * Every lock under the same load by turns, round after round, so that a noisy machine is noisy for all of them. Figures of
 * one run compare; those of two machines, or of two runs, do not.
 */
export async function locksBench(
  { only, seconds, rounds }: LocksBenchOptions,
  progress: (line: string) => void,
): Promise<BenchResult> {
  const servers = serversIn(process.env);
  const samples = new Samples();
  const failures = new Map<string, unknown>();
  const slow = new Set<string>();
  const chosen = (contenders: readonly ComparedLock[]) =>
    contenders.filter(
      (contender) => servers[contender.backend] && isMeant(contender, only) && !failures.has(contender.name),
    );
  /** One that fails is out of the race; it does not end it for the others. */
  const measure = async (benchmark: string, { name }: ComparedLock, run: () => Promise<object>) => {
    try {
      const figures = await run();
      samples.add(benchmark, name, figures);
      const shown = Object.entries(figures as Record<string, number>).slice(0, 2);
      const values = shown.map(([metric, value]) => `${metric} ${value.toFixed(2)}`);
      progress(`${benchmark}: ${name}: ${values.join(', ')}`);
    } catch (error) {
      failures.set(name, error);
      progress(`${benchmark}: ${name}: left out from here on: ${String(error)}`);
    }
  };

  for (const backend of BACKENDS.filter((name) => !servers[name])) {
    const names = COMPARED_LOCKS.filter((contender) => contender.backend === backend).map(({ name }) => name);
    if (names.length > 0)
      progress(`${names.join(', ')}: left out, as ${LOCK_SERVER_VARIABLES[backend]} names no server`);
  }
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`);
    for (const sectionMs of SECTIONS_MS) {
      for (const contender of inTurn(chosen(COMPARED_LOCKS), round)) {
        const run = () => contended(contender, servers, seconds, sectionMs);
        await measure(contendedName(sectionMs), contender, run);
      }
    }
    for (const contender of inTurn(chosen(COMPARED_LOCKS), round)) {
      await measure(UNCONTENDED, contender, async () => {
        const { lockMs, bareMs } = await uncontended(contender, servers, 1);
        return { ratioToRoundTrips: lockMs / bareMs, lockMs, bareMs };
      });
    }
    const dying = chosen(LOCKS_IN_DEAD_TIME).filter(({ name }) => !slow.has(name));
    const one = async () => {
      for (let contender = dying.shift(); contender; contender = dying.shift()) {
        const { name } = contender;
        await measure(DEAD_TIME, contender, async () => {
          const ms = await deadTime(contender, servers);
          if (ms > LONG_DEAD_TIME) slow.add(name);
          return { ms };
        });
      }
    };
    await Promise.all(Array.from({ length: DEAD_TIMES_AT_ONCE }, one));
  }
  const benchmarks = samples.benchmarks();
  const broken = benchmarks.filter(({ metric, max }) => metric === 'overlaps' && max > 0);
  return {
    benchmarks,
    tables: lockTables(benchmarks),
    failures: [
      ...[...failures].map(([name, error]) => `${name} failed: ${String(error)}`),
      ...broken.map(({ contender, name }) => `${contender} let two in at a time (${name})`),
    ],
  };
}
