import { k6Version } from '../k6.js';
import { describeMachine } from '../report/machine.js';
import { withDatabase } from '../truth/database.js';
import type { JourneyResult } from './journey/journey-figures.js';
import { measureJourney } from './journey/journey.js';
import { measure } from './measure.js';
import type { DemoPlan } from './plan.js';
import type { DemoStack, Measuring } from './sell.js';
import type { RunResult, Summary } from './summary.js';
import { demoVerdict } from './demo-verdict.js';

export interface Demo {
  summary: Summary;
  results: RunResult[];
  journey?: JourneyResult;
}

export interface DemoSettings extends Pick<Measuring, 'k6' | 'directory' | 'onProgress'> {
  /** Told at the end of each run. */
  onResult?: (result: RunResult) => void;
  onJourney?: (result: JourneyResult) => void;
}

/**
 * Makes the planned runs on this stack and judges them. It stops after a run whose load did not arrive: later runs could
 * not make up for it.
 */
export async function runDemo(stack: DemoStack, plan: DemoPlan, settings: DemoSettings): Promise<Demo> {
  return withDatabase(stack.databaseUrl, async (database) => {
    const measuring = { ...settings, stack, database };
    const results: RunResult[] = [];
    for (const run of plan.runs) {
      const result = await measure(measuring, run);
      settings.onResult?.(result);
      results.push(result);
      if (droppedLoad({ results })) break;
    }
    const toGo = droppedLoad({ results }) ? undefined : plan.journey;
    const journey = toGo && (await measureJourney(measuring, toGo));
    if (journey) settings.onJourney?.(journey);
    const machine = await describeMachine(database, stack.redisUrl, await k6Version(settings.k6));
    const runs = results.map(({ figures }) => figures);
    const summary = { ...demoVerdict(results, journey), machine, runs, journey: journey?.figures };
    return { summary, results, journey };
  });
}

export const droppedLoad = ({ results, journey }: Pick<Demo, 'results' | 'journey'>) =>
  [...results, ...(journey ? [journey] : [])].some(({ figures }) => figures.droppedIterations > 0);
