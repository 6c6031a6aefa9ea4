import type { Observation } from '../../cell.js';
import type { CellOptions } from '../../experiment.js';
import type { LockPromises } from '../../../libraries/adapter.js';
import type { Contender } from './contenders.js';
import { contention } from './contention.js';
import { crash } from './crash.js';
import { cycles } from './cycles.js';
import { failover } from './failover.js';
import { givenUp } from './given-up.js';
import { releasedTwice } from './released-twice.js';
import { busy, paused, twoSell, workingLong, type Delay } from './two-sell.js';

/** A way to strain a lock. */
export interface Trial {
  readonly name: string;
  /** What it asks of the lock. */
  readonly asks: string;
  /** Whether it can be tried; absent: with any lock. */
  readonly applies?: (contender: Contender) => boolean;
  /** Whether a lock of this kind is to come through. */
  readonly survives: (contender: Contender) => boolean;
  readonly run: (contender: Contender, options: CellOptions) => Promise<Observation>;
}

const always = () => true;
const isFenced = ({ fence, promises }: Contender) => fence && promises.token === true;
const expires = ({ promises }: Contender) => (promises.freedBy ?? 'ttl') === 'ttl';
const outlivesTtl = (contender: Contender) => contender.promises.extends === true || !expires(contender);
const promising = (name: keyof LockPromises) => (contender: Contender) => contender.promises[name] === true;

export const TRIALS: readonly Trial[] = [
  {
    name: 'contention',
    asks: 'Does it keep sellers apart while nothing fails?',
    survives: always,
    run: contention,
  },
  {
    name: 'crash',
    asks: 'Does it come free when its holder dies?',
    survives: ({ promises }) => promises.freedBy !== 'nobody',
    run: crash,
  },
  {
    name: 'pause',
    asks: 'Is the sale safe from a holder that sleeps through the TTL?',
    survives: (contender) => isFenced(contender) || !expires(contender),
    run: late(paused, (contender) => !expires(contender)),
  },
  {
    name: 'busy loop',
    asks: 'Is the sale safe from a holder that computes through the TTL?',
    survives: (contender) =>
      isFenced(contender) || !expires(contender) || contender.promises.readsClock === true,
    run: late(busy, (contender) => !expires(contender)),
  },
  {
    name: 'long work',
    asks: 'Is the sale safe while the work takes longer than the TTL?',
    survives: (contender) =>
      isFenced(contender) || outlivesTtl(contender) || contender.promises.readsClock === true,
    run: late(workingLong, outlivesTtl),
  },
  {
    name: 'failover',
    asks: 'Is the sale safe when the server that has the grant is replaced?',
    applies: ({ store }) => store === 'redis' || store === 'redlock',
    survives: (contender) => isFenced(contender) || contender.promises.survivesFailover === true,
    run: failover(promising('survivesFailover')),
  },
  {
    name: 'release sent twice',
    asks: "Does a repeated release leave other people's locks alone?",
    survives: promising('ownerChecked'),
    run: releasedTwice,
  },
  {
    name: 'wait given up',
    asks: 'Can a wait be given up, for good?',
    survives: promising('cancels'),
    run: givenUp,
  },
  {
    name: 'cycles',
    asks: 'Do timers, connections and listeners stay as many as they were?',
    survives: always,
    run: cycles,
  },
];

/** @param kept whether the lock stays with the first for as long as it is late */
function late(delay: Delay, kept: (contender: Contender) => boolean): Trial['run'] {
  return (contender, options) => twoSell(contender, delay, options, kept(contender));
}
