import { setTimeout as sleep } from 'node:timers/promises';
import { dataSourceOptions, migrate } from '@app/database';
import { Sale, Stock } from '@app/inventory';
import { DataSource } from 'typeorm';
import { startLockServers, type ServerName } from '../../local/services/services.js';
import { build } from '../../local/setup/build.js';
import { serversIn, type Servers } from '../servers.js';
import { ActorGoneError, NotStagedError, type Actor } from './actor.js';
import { observedIn, verdictOfCell, type Cell, type Observation } from './cell.js';
import type { CellOptions, CellPlan, Experiment } from './experiment.js';
import { Scene } from './scene.js';

export interface LabOptions {
  readonly experiments: readonly Experiment[];
  /** Names of locks. Empty: all. */
  readonly drivers: readonly string[];
  readonly seeds: readonly number[];
  /** Of the locks, in milliseconds. */
  readonly ttl: number;
  /** See {@link CellOptions.cycles}. */
  readonly cycles: number;
  /** Looks at what is to be tried, once its servers are there: whatever it throws ends the run. */
  readonly look?: (servers: Servers) => Promise<unknown>;
}

export interface LabRun {
  readonly cells: readonly Cell[];
  /** Where its shared servers are. */
  readonly servers: Servers;
}

/** The lab's own connections may take longer than an application's: a busy machine is no fault. In milliseconds. */
const CONNECT_MS = 30_000;
/** A cell that has not ended by then has lost something that it waits for. At the usual TTL the longest takes one. */
const CELL_MS = 10 * 60_000;
/** So often a schedule is tried whose fault does not come about; then the cell is INCONCLUSIVE. */
const TRIES = 3;

type Progress = (line: string) => void;

/** Runs the cells, experiment by experiment, each with every seed. A cell that breaks down fails; the others go on. */
export async function runLab(options: LabOptions, progress: Progress): Promise<LabRun> {
  const plans = options.experiments.map((experiment) => ({
    experiment,
    cells: cellsOf(experiment, options.drivers),
  }));
  // A library that is not there is told before anything starts.
  for (const { experiment, cells } of plans)
    for (const { driver } of cells) experiment.scoreboard?.versionOf(driver);
  const needs = new Set<ServerName>(['postgres', 'redis']);
  for (const { cells } of plans) for (const cell of cells) cell.needs.forEach((name) => needs.add(name));
  const { env } = await startLockServers([...needs]);
  await build();
  await migrate(env.DATABASE_URL);
  const entities = [Sale, Stock];
  const database = dataSourceOptions({
    url: env.DATABASE_URL,
    poolSize: 10,
    entities,
    applicationName: 'lab',
  });
  const extra = { ...database.extra, connectionTimeoutMillis: CONNECT_MS };
  const dataSource = await new DataSource({ ...database, extra }).initialize();
  process.on('unhandledRejection', ignoreAbandoned);
  try {
    const servers = serversIn(env);
    await options.look?.(servers);
    const results: Cell[] = [];
    for (const { experiment, cells } of plans) {
      progress(`\n${experiment.name}: ${experiment.title}`);
      const runs = options.seeds.flatMap((seed) => cells.map((plan) => ({ plan, seed })));
      // The cells of a scoreboard are many and short: to start its processes would take longer than most of them.
      const idle: Actor[] | undefined = experiment.scoreboard && [];
      const run = ({ plan, seed }: (typeof runs)[number]) =>
        runCell(experiment, plan, seed, { ...options, servers, dataSource, idle, progress });
      results.push(...(await inTurns(experiment.atOnce, runs, run)));
      await Promise.all((idle ?? []).map((actor) => actor.end()));
    }
    return { cells: results, servers };
  } finally {
    process.off('unhandledRejection', ignoreAbandoned);
    await dataSource.destroy();
  }
}

/** When a run breaks down, its processes are ended, and nobody awaits any more what they were doing: the cell has failed by then. */
function ignoreAbandoned(error: unknown): void {
  if (!(error instanceof ActorGoneError)) throw error;
}

/** The cells of an experiment with these locks. */
const cellsOf = ({ cells }: Experiment, drivers: readonly string[]): readonly CellPlan[] =>
  cells.filter(({ driver }) => drivers.length === 0 || drivers.includes(driver));

interface Surroundings {
  readonly servers: Servers;
  readonly dataSource: DataSource;
  readonly ttl: number;
  readonly cycles: number;
  readonly idle?: Actor[];
  readonly progress: Progress;
}

async function runCell(
  { name: experiment }: Experiment,
  plan: CellPlan,
  seed: number,
  { servers, dataSource, ttl, cycles, idle, progress }: Surroundings,
): Promise<Cell> {
  const { driver, fence, variant } = plan;
  const observation = await observe(plan, () => {
    const scene = new Scene(servers, dataSource, seed, [experiment, driver, fence, variant].join(' '), idle);
    return { scene, ttl, cycles, progress };
  });
  const { harms, violations, figures, account, timeline } = observation;
  const { expected = observedIn(harms) } = plan;
  const cell: Cell = {
    experiment,
    driver,
    fence,
    variant,
    seed,
    expected,
    observed: observedIn(harms),
    verdict: verdictOfCell(expected, observation),
    figures,
    evidence: { harms, violations, account, timeline },
  };
  progress(lineOf(cell));
  return cell;
}

async function observe(plan: CellPlan, setUp: () => CellOptions): Promise<Observation> {
  for (let tries = 1; ; tries++) {
    const options = setUp();
    const inTime = new AbortController();
    const nothing = () => ({ harms: [], fired: false, figures: {}, timeline: options.scene.history.events });
    try {
      return await Promise.race([plan.run(options), tooLate(inTime.signal)]);
    } catch (error) {
      if (!(error instanceof NotStagedError)) {
        const why = error instanceof Error ? error.stack! : String(error);
        return { ...nothing(), violations: [why], account: 'The run broke down.' };
      }
      if (tries === TRIES)
        return { ...nothing(), account: `The fault could not be staged: ${error.message}.` };
    } finally {
      inTime.abort();
      await options.scene.end();
    }
  }
}

async function tooLate(signal: AbortSignal): Promise<never> {
  await sleep(CELL_MS, undefined, { signal });
  throw new Error(`it did not end within ${CELL_MS / 60_000} minutes`);
}

function lineOf({ driver, fence, variant, seed, observed, verdict, evidence }: Cell): string {
  const reasons = [...(evidence.violations ?? []), evidence.account].join(' ');
  const name = [`${driver}${fence ? ' + fence' : ''}`, ...(variant ? [variant] : [])].join(', ');
  return `  ${verdict.padEnd(12)} ${name.padEnd(26)} ${observed.padEnd(6)} seed ${seed}  ${reasons}`;
}

/** Runs tasks side by side, so many at a time; the results come in the order of the tasks. */
async function inTurns<Task, Result>(
  atOnce: number,
  tasks: readonly Task[],
  run: (task: Task) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...tasks.entries()];
  const one = async () => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return results;
}
