import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { readAudit, type AuditedStack } from '../truth/audit.js';
import type { OnProgress } from './progress.js';

interface FollowedSale {
  name: string;
  /** What the run is called. */
  run: string;
  stock: number;
}

interface AuditTotal {
  held: number;
  sold: number;
  rejected: number;
  pending: number;
}

const pollMs = 1_000;

/** Reports where a sale stands, until stopped. It only watches: what it cannot read it leaves out. */
export function followSale(
  stack: AuditedStack,
  database: Client,
  sale: FollowedSale,
  onProgress: OnProgress,
) {
  const { name, run, stock } = sale;
  const began = Date.now();
  const stopping = new AbortController();
  let requests = 0;

  const follow = async () => {
    while (!stopping.signal.aborted) {
      const total = await readTotal(stack, database, name).catch(() => undefined);
      if (total && !stopping.signal.aborted) {
        const { held, rejected, pending } = total;
        const sold = held + total.sold;
        const seconds = (Date.now() - began) / 1000;
        onProgress({
          run,
          seconds,
          requests,
          accepted: sold + rejected + pending,
          sold,
          stock,
          queue: pending,
        });
      }
      await delay(pollMs, undefined, { signal: stopping.signal }).catch(() => {}); // woken by stop
    }
  };

  const followed = follow();
  return {
    count: (sent: number) => void (requests = sent),
    stop: () => {
      stopping.abort();
      return followed;
    },
  };
}

async function readTotal(
  stack: AuditedStack,
  database: Client,
  name: string,
): Promise<AuditTotal | undefined> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM sales WHERE name = $1', [name]);
  return rows[0] && readAudit<AuditTotal>(stack, rows[0].id, 5_000);
}
