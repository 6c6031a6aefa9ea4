import { inBackground } from '../../../local/processes/in-background.js';
import type { LoadBench } from '../load-bench.js';
import { send } from './load.js';
import { uploadSlowly } from './slow-uploads.js';

/** At each API replica. */
const SLOW_UPLOADS = 100;
/** In seconds: attackers stay so much longer than the buyers, who come once there are attackers. */
const MARGIN = 5;

interface Attack {
  readonly name: string;
  readonly env: Record<string, string | number>;
  /** Buyers a second whom they attack. */
  readonly rate: number;
  readonly seconds: number;
}

/**
 * Does the work while attackers do their worst. They come from a process of their own, which gets what the others leave of the
 * processors: elsewhere attackers have machines of their own, and what buyers are to feel is what the application does for them.
 */
export async function underAttack<T>(
  bench: LoadBench,
  { name, env, rate, seconds }: Attack,
  work: () => Promise<T>,
) {
  const stop = new AbortController();
  const uploads = uploadSlowly(bench.stack.apiUrls, SLOW_UPLOADS, stop.signal);
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const sending = send(
    { ...bench, k6: inBackground(bench.k6) },
    {
      name: `${name}, attackers`,
      script: 'attack.ts',
      env: { ...env, ATTACK: 'only', DURATION: seconds + MARGIN, ...attackersBeside(rate) },
      onRequests: begin,
    },
  );
  try {
    const working = Promise.race([begun, sending]).then(work);
    const [attackers, result] = await Promise.all([sending, working]);
    stop.abort();
    return { result, attackers, uploadsEnded: await uploads };
  } finally {
    stop.abort();
  }
}

/**
 * About as many requests as the buyers send, two each: more than the machine has left no limit can refuse for nothing, since attackers
 * and the application share its cores.
 */
function attackersBeside(buyers: number) {
  const each = (share: number) => Math.max(1, Math.round(buyers * share));
  return { READS: each(1 / 2), BREAKERS: each(1 / 4), ODD_TOKENS: each(1 / 4), WATCHERS: each(1) };
}
