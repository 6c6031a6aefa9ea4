import { join } from 'node:path';
import { runK6, type K6Summary } from '../../k6.js';
import { readTruth } from '../../truth/audit.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import { settlementsIn, type Settlement } from '../../truth/orders.js';
import type { LoadBench } from '../load-bench.js';
import { settledFigures } from './settled-figures.js';

/** Buyers of a closed loop, each of whom waits for his 202. */
export const BUYERS = 50;
const WARM_UP_SECONDS = 5;

interface Load {
  readonly name: string;
  readonly script: string;
  /** What the script is told besides where the API is. */
  readonly env: Record<string, string | number>;
  readonly onRequests?: (requests: number) => void;
  /** Whether the sale has to keep its promises. */
  readonly safe: boolean;
  /** When its orders were accepted and settled; as Postgres has it unless given. */
  readonly settlements?: () => Promise<readonly Settlement[]>;
}

/** Sends a load to its end, which is when the queue has drained, and reads what became of it. */
export const sendAndJudge = async (bench: LoadBench, load: Load) =>
  judge(bench, load, await send(bench, load));

/** Reads what became of what was sent. */
export async function judge(
  { stack, database }: LoadBench,
  { name, safe, settlements }: Pick<Load, 'name' | 'safe' | 'settlements'>,
  sent: K6Summary,
) {
  const settled = settledFigures(await (settlements?.() ?? settlementsIn(database, sent.saleId)));
  const truth = { ...(await readTruth(stack, database, sent.saleId)), ended: settled.ended };
  const broken = brokenPromises(name, safe, sent.accepted, truth);
  if (sent.unexpected > 0) broken.push(`${name}: ${sent.unexpected} answers were none that a buyer may get`);
  return { sent, settled, broken };
}

/** Lets everything work for a while: code that has just been loaded is slow, whatever it does. */
export const warmUp = (bench: LoadBench, name: string, strategy: string) =>
  send(bench, {
    name,
    script: 'capacity.ts',
    env: { STRATEGY: strategy, BUYERS, DURATION: WARM_UP_SECONDS },
  });

/** What a load came to, for the tables. */
export function figuresOf({
  sent,
  settled,
}: Pick<Awaited<ReturnType<typeof sendAndJudge>>, 'sent' | 'settled'>) {
  const { ended: _, ...figures } = settled;
  const { p50: acceptP50Ms, p95: acceptP95Ms, p99: acceptP99Ms } = sent.latencyMs;
  return { ...figures, acceptP50Ms, acceptP95Ms, acceptP99Ms, droppedIterations: sent.droppedIterations };
}

/** Sends a load to its end. */
export function send(
  { stack, k6, directory }: LoadBench,
  { name, script, env, onRequests }: Omit<Load, 'safe' | 'settlements'>,
): Promise<K6Summary> {
  return runK6(k6, {
    script,
    env: { API_URLS: stack.apiUrls.join(','), EXPECT: 'any', ...env },
    directory: join(directory, name.replaceAll(/\W+/g, '-')),
    onRequests,
  });
}
