import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEvidence } from './shop-evidence.js';
import { shopTruth } from './shop-truth.js';

interface Judged {
  /** What the load test left. Gets the verdict as `summary.json`. */
  directory: string;
  /** Whether k6 could load the shop as it was told to. */
  loaded: boolean;
  databaseUrl: string | undefined;
}

/** Judges a load test of somebody's shop, and tells the verdict. */
export async function judgeShop({ directory, loaded, databaseUrl }: Judged): Promise<boolean> {
  for (const surprise of surprisesIn(directory)) console.error(`✗ ${surprise}`);
  const evidence = { ...(await readEvidence(directory, databaseUrl)), loaded };
  const truth = shopTruth(evidence);
  const { verdict, reasons, sold, oversold, undersold, doubled, lost } = truth;
  const source = evidence.rows ? 'by the database' : 'by the word of the shop';
  console.log(`
  ${verdict}
  ${sold} sold of ${evidence.stock}: ${oversold} oversold, ${undersold} undersold, ${doubled} doubled, ${lost} lost, ${source}
${reasons.map((reason) => `  ✗ ${reason}\n`).join('')}`);
  writeFileSync(join(directory, 'summary.json'), `${JSON.stringify(truth, null, 2)}\n`);
  return verdict === 'PASS';
}

/** Of what k6 complained during the test: the first few. */
const surprisesIn = (directory: string) =>
  [...new Set(readFileSync(join(directory, 'told.log'), 'utf8').split('\n'))]
    .filter((line) => line && !line.startsWith('{'))
    .slice(0, 3);
