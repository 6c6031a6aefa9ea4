import { randomBytes } from 'node:crypto';
import type { Table } from '../../report/table.js';
import type { LoadBench } from '../load-bench.js';
import { sendAndJudge } from './load.js';
import { uploadSlowly } from './slow-uploads.js';

const BUYER_JWT_SECRET = randomBytes(32).toString('base64url');
const API_ENV = {
  BUYER_AUTH: 'secret',
  BUYER_JWT_SECRET,
  TRUSTED_PROXIES: '1', // k6 says where each of its users comes from
  RATE_LIMIT_PER_BUYER: '5',
  RATE_LIMIT_PER_ADDRESS: '20',
};
/** At each API replica. */
const SLOW_UPLOADS = 100;
/** Buyers a second. */
const WARM_UP_RATE = 20;
/** Of the buyers who get through when nobody else is there. */
const SHARE_OF_CAPACITY = 1 / 2;

/**
 * The same sale twice: alone, and with strangers who read, watch, break limits, show odd tokens and upload slowly beside it. None of
 * them may cost an accepted order, see the server fail, or get in.
 */
export async function attack(bench: LoadBench, seconds: number) {
  const { stack, progress } = bench;
  await Promise.all(stack.apis.map((api) => api.stop()));
  await stack.startApis(stack.apis.length, API_ENV);
  const run = (name: string, ATTACK: 'on' | 'off', RATE: number) => {
    const env = {
      STRATEGY: 'redis',
      BUYER_JWT_SECRET,
      DURATION: seconds,
      ATTACK,
      RATE,
      ...attackersBeside(RATE),
    };
    return sendAndJudge(bench, { name, script: 'attack.ts', env, safe: true });
  };
  // Replicas that have just started run everything for the first time, attacks too.
  const warmUp = await run('attack-warm-up', 'on', WARM_UP_RATE);
  const capacity = await run('attack-capacity', 'off', 0);
  const rate = Math.max(1, Math.floor((paid(capacity) / seconds) * SHARE_OF_CAPACITY));
  const quiet = await run('attack-quiet', 'off', rate);
  const stop = new AbortController();
  const slow = uploadSlowly(stack.apiUrls, SLOW_UPLOADS, quiet.sent.saleId, stop.signal);
  const attacked = await run('attack', 'on', rate).finally(() => stop.abort());
  const ended = await slow;
  progress(
    `attack: ${attacked.sent.attacks} attacks and ${ended} slow uploads ended; p99 of checkouts ${times(quiet, attacked, 'latencyMs')}, ` +
      `of payments ${times(quiet, attacked, 'paymentMs')} of the quiet run`,
  );
  const figures: Table = {
    name: 'http, attack',
    title: `A sale at half of its capacity (${rate} buyers a second reserve and pay), alone and attacked, for ${seconds} s`,
    head: [
      'run',
      'attacks',
      'slow uploads ended',
      'paid',
      'checkout p50/p95/p99 ms',
      'payment p50/p95/p99 ms',
      'x quiet (p99)',
      'lost',
    ],
    rows: [rowOf('alone', quiet, quiet, 0), rowOf('attacked', quiet, attacked, ended)],
  };
  return { figures, broken: [...warmUp.broken, ...capacity.broken, ...quiet.broken, ...attacked.broken] };
}

/**
 * Strangers who send about as many requests as the buyers, two each: more than the machine has left no limit can refuse for nothing, since
 * they and the application share its cores.
 */
function attackersBeside(buyers: number) {
  const each = (share: number) => Math.max(1, Math.round(buyers * share));
  return { READS: each(1 / 2), BREAKERS: each(1 / 4), ODD_TOKENS: each(1 / 4), WATCHERS: each(1) };
}

type Run = Awaited<ReturnType<typeof sendAndJudge>>;
type Latency = 'latencyMs' | 'paymentMs';

const paid = ({ sent }: Run) => sent.journeys.paid ?? 0;
const times = (quiet: Run, run: Run, what: Latency) => (run.sent[what].p99 / quiet.sent[what].p99).toFixed(1);

function rowOf(name: string, quiet: Run, run: Run, ended: number): string[] {
  const { sent, settled } = run;
  const of = (what: Latency) => [sent[what].p50, sent[what].p95, sent[what].p99].map(Math.round).join(' / ');
  return [
    name,
    sent.attacks,
    ended,
    paid(run),
    of('latencyMs'),
    of('paymentMs'),
    `${times(quiet, run, 'latencyMs')} / ${times(quiet, run, 'paymentMs')}`,
    sent.accepted - settled.ended,
  ].map(String);
}
