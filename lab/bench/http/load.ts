import { join } from 'node:path';
import { runK6, type K6Summary } from '../../k6.js';
import { readTruth } from '../../truth/audit.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import { settlementsIn, type Settlement } from '../../truth/orders.js';
import type { LoadBench } from '../load-bench.js';
import { settledFigures } from './settled-figures.js';

interface Load {
  readonly name: string;
  readonly script: string;
  /** What the script is told besides where the API is. */
  readonly env: Record<string, string | number>;
  /** Whether the sale has to keep its promises. */
  readonly safe: boolean;
  /** When its orders were accepted and settled; as Postgres has it unless given. */
  readonly settlements?: () => Promise<readonly Settlement[]>;
}

/** Sends a load to its end, which is when the queue has drained, and reads what became of it. */
export async function sendAndJudge(bench: LoadBench, { name, script, env, safe, settlements }: Load) {
  const { stack, database } = bench;
  const sent = await send(bench, name, script, env);
  const settled = settledFigures(await (settlements?.() ?? settlementsIn(database, sent.saleId)));
  const truth = { ...(await readTruth(stack, database, sent.saleId)), ended: settled.ended };
  const broken = brokenPromises(name, safe, sent.accepted, truth);
  if (sent.unexpected > 0) broken.push(`${name}: ${sent.unexpected} answers were none that a buyer may get`);
  return { sent, settled, broken };
}

export function send(
  { stack, k6, directory }: LoadBench,
  name: string,
  script: string,
  env: Record<string, string | number>,
): Promise<K6Summary> {
  return runK6(k6, {
    script,
    env: { API_URLS: stack.apiUrls.join(','), EXPECT: 'any', ...env },
    directory: join(directory, name.replaceAll(/\W+/g, '-')),
  });
}
