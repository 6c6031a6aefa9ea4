import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runK6 } from '../../k6.js';
import type { Table } from '../../report/table.js';
import { readTruth } from '../../truth/audit.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import { missingFrom } from '../../truth/orders.js';
import type { LoadBench } from '../load-bench.js';

const SECONDS = 10;
const KILLED_AFTER_MS = 5_000;
const ORDER_ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** One API replica is killed under load: every order that a buyer got a 202 for has to be terminal in Postgres. */
export async function failover({ stack, database, k6, directory, progress }: LoadBench) {
  const output = join(directory, 'accepted.log');
  const sending = runK6(k6, {
    script: 'failover.ts',
    env: { API_URLS: stack.apiUrls.join(','), STRATEGY: 'redis', DURATION: SECONDS },
    directory: join(directory, 'failover'),
    output,
  });
  const victim = stack.apis.at(-1)!;
  // Once there is load: the start of k6 takes a while, too.
  const [sent] = await Promise.all([sending, sleep(KILLED_AFTER_MS).then(() => victim.kill('SIGKILL'))]);
  await victim.start();

  const accepted = (await readFile(output, 'utf8')).match(ORDER_ID) ?? [];
  const missing = await missingFrom(database, accepted);
  const truth = await readTruth(stack, database, sent.saleId);
  const broken = [];
  if (accepted.length === 0 || accepted.length !== sent.accepted)
    broken.push(`of ${sent.accepted} accepted orders ${accepted.length} were written down`);
  if (missing.length > 0) broken.push(`${missing.length} accepted orders are not terminal`);
  // More orders than were accepted may be there: those whose 202 died with the replica.
  broken.push(...brokenPromises('the sale', true, truth.ended, truth));
  progress(`an API replica killed under load: ${accepted.length} accepted, ${missing.length} lost`);
  const figures: Table = {
    name: 'http, a replica killed',
    title: 'One of the API replicas is killed (SIGKILL) under load, and buyers turn to the others',
    head: ['strategy', 'orders accepted', 'of them terminal in Postgres', 'lost'],
    rows: [['redis', accepted.length, accepted.length - missing.length, missing.length].map(String)],
  };
  return { figures, broken: broken.map((what) => `an API replica killed under load: ${what}`) };
}
