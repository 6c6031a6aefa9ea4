import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../local/services/service.js';
import { now } from '../clock.js';

const PATIENCE_MS = 30_000;

/** The member that leads, once there is one. */
export async function leaderOf(
  members: readonly Service[],
  isLeader: (url: string) => Promise<boolean>,
): Promise<Service> {
  const giveUpAt = now() + PATIENCE_MS;
  while (now() < giveUpAt) {
    const leading = await Promise.all(members.map(({ url }) => isLeader(url)));
    const leader = members.find((_, i) => leading[i]);
    if (leader) return leader;
    await sleep(50);
  }
  throw new Error(`no member became leader within ${PATIENCE_MS / 1_000} s`);
}
