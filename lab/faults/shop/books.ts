import { AVAILABLE } from '@app/inventory';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Replica } from '../../../local/stack/replica.js';
import type { Stack } from '../../../local/stack/stack.js';
import { readAudit, readTruth } from '../../truth/audit.js';
import { withDatabase } from '../../truth/database.js';
import { missingFrom, mistoldOf, settlementsIn } from '../../truth/orders.js';
import { movementsOf } from '../scene.js';
import type { Accepted } from './buyers.js';

/** What the application has not finished. */
export interface Unfinished {
  /** Orders that are accepted and not terminal. */
  readonly orders: number;
  /** Jobs that are still in the queue, whatever they carry. */
  readonly jobs: number;
}

/** Waits until nothing is left to do, but no longer than this. Resolves to what is left even so. */
export async function drain(stack: Stack, saleId: string, withinMs: number): Promise<Unfinished> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = await unfinished(stack, saleId).catch(() => ({ orders: NaN, jobs: NaN }));
    if ((left.orders === 0 && left.jobs === 0) || Date.now() > deadline) return left;
    await sleep(100);
  }
}

async function unfinished(stack: Stack, saleId: string): Promise<Unfinished> {
  const [{ pending }, metrics] = await Promise.all([
    readAudit<{ pending: number }>(stack, saleId, ANSWER_MS),
    ask(`${stack.apiUrls[0]}/metrics`).then((response) => response.text()),
  ]);
  const jobs = [...metrics.matchAll(/^queue_jobs\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return { orders: pending, jobs: jobs.length === 0 ? NaN : jobs.reduce((sum, count) => sum + count) };
}

/** Which of the processes does not say that it is ready, once it has had this long for it; and what it says. */
export async function unready({ apis, workers }: Stack, withinMs: number): Promise<string[]> {
  const deadline = Date.now() + withinMs;
  const askAll = (kind: string, replicas: readonly Replica[]) =>
    replicas.map(async ({ url }, i) => {
      for (;;) {
        const { ok, text } = await ask(`${url}/health/ready`).then(
          async (response) => ({ ok: response.ok, text: await response.text() }),
          (error: Error) => ({ ok: false, text: error.message }),
        );
        if (ok) return [];
        if (Date.now() > deadline) return [`${kind}-${i + 1}: ${text}`];
        await sleep(100);
      }
    });
  return (await Promise.all([...askAll('api', apis), ...askAll('worker', workers)])).flat();
}

/** An answer that does not come is none. */
const ask = (url: string) => fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
const ANSWER_MS = 5_000;

const UNSOLD_SQL = `SELECT sum(${AVAILABLE})::int AS unsold FROM stock WHERE sale_id = $1`;

export type Books = Awaited<ReturnType<typeof readBooks>>;

/** What the database says of a sale, and of the orders that buyers were promised. */
export const readBooks = (stack: Stack, saleId: string, promised: readonly Pick<Accepted, 'orderId'>[]) =>
  withDatabase(stack.databaseUrl, async (database) => ({
    truth: await readTruth(stack, database, saleId),
    unsold: (await database.query<{ unsold: number }>(UNSOLD_SQL, [saleId])).rows[0]!.unsold,
    movements: await movementsOf(async (sql, values) => (await database.query(sql, values)).rows, saleId),
    missing: await missingFrom(
      database,
      promised.map(({ orderId }) => orderId),
    ),
    mistold: await mistoldOf(database, saleId),
    /** From acceptance to outcome, in milliseconds. */
    waits: (await settlementsIn(database, saleId)).map(([accepted, settled]) =>
      Math.round(settled - accepted),
    ),
  }));
