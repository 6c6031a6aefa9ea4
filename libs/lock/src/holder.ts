import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** Names one client of a lock store; unique, and it tells people which process it is in. Has no colon and no space. */
export const clientName = () => `${hostname().replaceAll(/[^\w.-]/g, '-')}~${process.pid}~${randomUUID()}`;

/** The process that a holder or waiter of the Redis drivers is in, where its name tells. */
export function processOf(holder: string): { host: string; pid: number } | undefined {
  const [, host, pid] = /^([^~:]+)~(\d+)~/.exec(holder) ?? [];
  return host === undefined ? undefined : { host, pid: Number(pid) };
}
