import type { Peril } from './outages.js';
import { APIS, WORKERS } from './shop.js';

/** So long that some of them outlast the locks and some do not, in milliseconds. */
const SILENCE = [1_000, 5_000] as const;
const DOWN = [200, 1_500] as const;

const linksOf = (processes: readonly string[], server: 'redis' | 'postgres') =>
  processes.map((name) => `${name}'s ${server}`);

/** What goes wrong in every run, each once, whatever the seed. */
export const perilsOf = (ttl: number): readonly Peril[] => [
  { of: WORKERS, fault: 'killed', lasts: DOWN },
  { of: WORKERS, fault: 'killed', lasts: DOWN },
  { of: WORKERS, fault: 'frozen', lasts: [Math.round(1.1 * ttl), Math.round(1.7 * ttl)] }, // beyond locks and jobs
  ...[WORKERS, APIS].flatMap((processes) =>
    (['redis', 'postgres'] as const).flatMap((server) => [
      { of: linksOf(processes, server), fault: 'silent', lasts: SILENCE },
      { of: linksOf(processes, server), fault: 'forgotten' },
    ]),
  ),
  { of: ['redis'], fault: 'killed', lasts: DOWN },
  { of: ['redis'], fault: 'read-only', lasts: DOWN },
  { of: ['redis'], fault: 'scripts flushed' },
  { of: ['redis'], fault: 'failed over' },
  { of: ['redis'], fault: 'demoted' },
  { of: ['postgres'], fault: 'killed', lasts: DOWN },
];

/**
 * What lets a write arrive late: a worker that sleeps, and a Postgres that hears it later. A lock without watchdog and fence is only safe
 * while no write takes longer than its TTL: `paused-holder` shows that it oversells then.
 */
export const delaysWrites = ({ victim, fault }: { victim: string; fault: string }) =>
  fault === 'frozen' || (fault === 'silent' && linksOf(WORKERS, 'postgres').includes(victim));
