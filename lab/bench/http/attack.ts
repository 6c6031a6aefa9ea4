import { randomBytes } from 'node:crypto';
import type { Table } from '../../report/table.js';
import type { LoadBench } from '../load-bench.js';
import { busyDuring } from './busy.js';
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
/** Half of the capacity: so many buyers keep half of the machine busy, k6 included. The other half is there for the attackers. */
const BUSY = 1 / 2;

/**
 * The same sale twice: alone, and with strangers who read, watch, break limits, show odd tokens and upload slowly beside it. None of
 * them may cost an accepted order, see the server fail, or get in.
 */
export async function attack(bench: LoadBench, seconds: number) {
  const { stack, progress } = bench;
  await Promise.all(stack.apis.map((api) => api.stop()));
  await stack.startApis(stack.apis.length, API_ENV);
  const run = async (name: string, ATTACK: 'on' | 'off', RATE: number) => {
    const env = {
      STRATEGY: 'redis',
      BUYER_JWT_SECRET,
      DURATION: seconds,
      ATTACK,
      RATE,
      ...attackersBeside(RATE),
    };
    const load = { name, script: 'attack.ts', env, safe: true };
    const [judged, busy] = await busyDuring(() => sendAndJudge(bench, load));
    return { ...judged, busy };
  };
  // Replicas that have just started run everything for the first time, attacks too.
  const warmUp = await run('attack-warm-up', 'on', WARM_UP_RATE);
  const most = await run('attack-most', 'off', 0);
  // Few orders at a time cost more each than many: the first guess is too high.
  const guess = await run('attack-guess', 'off', rateFor(most, seconds));
  const rate = rateFor(guess, seconds);
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
    title: `A sale at half of its capacity (${rate} buyers a second reserve and pay, and keep half of the machine busy), alone and attacked, for ${seconds} s`,
    head: [
      'run',
      'machine busy',
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
  return { figures, broken: [warmUp, most, guess, quiet, attacked].flatMap(({ broken }) => broken) };
}

/**
 * Strangers who send about as many requests as the buyers, two each: more than the machine has left no limit can refuse for nothing, since
 * they and the application share its cores.
 */
function attackersBeside(buyers: number) {
  const each = (share: number) => Math.max(1, Math.round(buyers * share));
  return { READS: each(1 / 2), BREAKERS: each(1 / 4), ODD_TOKENS: each(1 / 4), WATCHERS: each(1) };
}

type Run = Awaited<ReturnType<typeof sendAndJudge>> & { readonly busy: number };
type Latency = 'latencyMs' | 'paymentMs';

const paid = ({ sent }: Run) => sent.journeys.paid ?? 0;
/** Buyers a second who would keep the machine as busy as it should be, if each cost what he cost in this run. */
const rateFor = (run: Run, seconds: number) =>
  Math.max(1, Math.floor((paid(run) / seconds) * (BUSY / run.busy)));
const times = (quiet: Run, run: Run, what: Latency) => (run.sent[what].p99 / quiet.sent[what].p99).toFixed(1);

function rowOf(name: string, quiet: Run, run: Run, ended: number): string[] {
  const { sent, settled } = run;
  const of = (what: Latency) => [sent[what].p50, sent[what].p95, sent[what].p99].map(Math.round).join(' / ');
  return [
    name,
    `${Math.round(run.busy * 100)} %`,
    sent.attacks,
    ended,
    paid(run),
    of('latencyMs'),
    of('paymentMs'),
    `${times(quiet, run, 'latencyMs')} / ${times(quiet, run, 'paymentMs')}`,
    sent.accepted - settled.ended,
  ].map(String);
}
