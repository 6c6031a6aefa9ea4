import type { PlantedSection } from '../../actor/protocol.js';
import type { Checker } from '../../findings.js';
import {
  forgetsTokens,
  readsBeforeCommit,
  releasesTooLate,
  unlocksTwice,
  wakesAfter,
  worksLongerThanTtl,
  type Schedule,
} from './schedules.js';

export interface Bug {
  readonly name: string;
  readonly lock: string;
  /** Where the lock is what is broken: the one of the control. */
  readonly soundLock?: string;
  /** Where the section is what is broken: the control has the application's. */
  readonly section?: PlantedSection;
  readonly fence?: boolean;
  /** Units in the sale; 1 unless given. */
  readonly stock?: number;
  /** All that must find it; nothing else may. */
  readonly caughtBy: readonly Checker[];
  readonly schedule: Schedule;
}

const SOUND = 'planted:sound';
const TWO_INSIDE: readonly Checker[] = ['more than one inside', 'units oversold', 'lost updates'];

export const BUGS: readonly Bug[] = [
  {
    name: 'unconditional-del',
    lock: 'planted:unconditional-del',
    soundLock: SOUND,
    stock: 2,
    caughtBy: TWO_INSIDE,
    schedule: releasesTooLate,
  },
  {
    name: 'retried-unlock',
    lock: 'planted:retried-unlock',
    soundLock: SOUND,
    stock: 2,
    caughtBy: TWO_INSIDE,
    schedule: unlocksTwice,
  },
  {
    name: 'no-watchdog',
    lock: 'planted:no-watchdog',
    soundLock: SOUND,
    caughtBy: TWO_INSIDE,
    schedule: worksLongerThanTtl,
  },
  {
    name: 'commit-after-release',
    lock: 'redis',
    section: 'planted:commit-after-release',
    caughtBy: ['units oversold', 'lost updates'],
    schedule: readsBeforeCommit,
  },
  {
    name: 'fence-not-checked',
    lock: 'redis',
    section: 'planted:fence-not-checked',
    fence: true,
    caughtBy: ['units oversold', 'lost updates', 'stale writes'],
    schedule: wakesAfter('committed'),
  },
  {
    name: 'fence-only-in-write',
    lock: 'redis',
    section: 'planted:fence-only-in-write',
    fence: true,
    caughtBy: ['units oversold', 'lost updates'],
    schedule: wakesAfter('read'),
  },
  {
    name: 'token-without-holder',
    lock: SOUND,
    section: 'planted:token-without-holder',
    fence: true,
    caughtBy: ['units oversold', 'lost updates', 'stale writes'],
    schedule: forgetsTokens,
  },
];
