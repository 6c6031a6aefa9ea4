import { randomBytes, randomUUID } from 'node:crypto';
import type { Table } from '../../report/table.js';
import type { LoadBench } from '../load-bench.js';
import type { BenchResult } from '../result.js';
import { busyDuring } from './busy.js';
import { judge, send } from './load.js';
import { underAttack } from './under-attack.js';

const BUYER_JWT_SECRET = randomBytes(32).toString('base64url');
export const ATTACKED_ENV = {
  BUYER_AUTH: 'secret',
  BUYER_JWT_SECRET,
  TRUSTED_PROXIES: '1', // k6 says where each of its users comes from
  RATE_LIMIT_PER_BUYER: '5',
  RATE_LIMIT_PER_ADDRESS: '20',
};

/** Replicas that have just started run everything for the first time, attacks too. */
const WARM_UP: Load = { name: 'attack, warm-up', rate: 60, seconds: 45, isAttacked: true };
/** In seconds: how long those runs take that only tell how many buyers the machine carries. */
const GUESS_SECONDS = 10;
/** Half of the capacity: so many buyers keep half of the machine busy, k6 included. The other half is there for the attackers. */
const BUSY = 1 / 2;
/** How much longer the slowest of a hundred may wait than without attackers. */
const MOST_TIMES_QUIET = 2;
/** Of the attacks that were due: with fewer it is another attack. */
const MOST_LEFT_OUT = 1 / 50;

interface Load {
  readonly name: string;
  /** Buyers a second; 0: as many as get through. */
  readonly rate: number;
  readonly seconds: number;
  readonly isAttacked?: boolean;
}

/**
 * The same sale twice: alone, and with attackers who read, watch, break limits, show odd tokens and upload slowly beside it. None of
 * them may cost an accepted order, see the server fail, get in, or keep buyers waiting.
 */
export async function attack(bench: LoadBench & { readonly seconds: number }): Promise<BenchResult> {
  const { seconds, progress } = bench;
  const warmUp = await run(bench, WARM_UP);
  const most = await run(bench, { name: 'attack, most', rate: 0, seconds: GUESS_SECONDS });
  // Few orders at a time cost more each than many: the first guess is too high.
  const guess = await run(bench, { name: 'attack, guess', rate: halfOf(most), seconds: GUESS_SECONDS });
  const rate = halfOf(guess);
  const quiet = await run(bench, { name: 'attack, alone', rate, seconds });
  const attacked = await run(bench, { name: 'attack, attacked', rate, seconds, isAttacked: true });
  const { attacks, uploadsEnded } = attacked;
  const [checkouts, payments] = timesQuiet(quiet, attacked);
  progress(
    `attack: ${attacks} attacks and ${uploadsEnded} slow uploads ended; p99 of checkouts ${checkouts}, of payments ${payments} of the quiet run`,
  );
  const table: Table = {
    name: 'attack',
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
    rows: [rowOf('alone', quiet, quiet), rowOf('attacked', quiet, attacked)],
  };
  const broken = [warmUp, most, guess, quiet, attacked].flatMap((each) => each.broken);
  return { benchmarks: [], tables: [table], failures: [...broken, ...shortcomings(quiet, attacked)] };
}

async function run(bench: LoadBench, { name, rate, seconds, isAttacked = false }: Load) {
  const env = { STRATEGY: 'redis', BUYER_JWT_SECRET, RATE: rate, SALE_KEY: randomUUID() };
  const buyers = { name, script: 'attack.ts', env: { ...env, ATTACK: 'off', DURATION: seconds } };
  const buy = () => busyDuring(() => send(bench, buyers));
  const { result, attackers, uploadsEnded } = isAttacked
    ? await underAttack(bench, { name, env, rate, seconds }, buy)
    : { result: await buy(), attackers: undefined, uploadsEnded: 0 };
  const [bought, busy] = result;
  const { accepted = 0, unexpected = 0, attacks = 0, droppedIterations: leftOut = 0 } = attackers ?? {};
  const sent = {
    ...bought,
    accepted: bought.accepted + accepted,
    unexpected: bought.unexpected + unexpected,
  };
  const paid = bought.journeys.paid ?? 0;
  return {
    ...(await judge(bench, { name, safe: true }, sent)),
    busy,
    paid,
    paidPerSecond: paid / seconds,
    attacks,
    leftOut,
    uploadsEnded,
  };
}

type Run = Awaited<ReturnType<typeof run>>;
const LATENCIES = ['latencyMs', 'paymentMs'] as const;

/** Buyers a second who would keep the machine as busy as it should be, if each cost what he cost in this run. */
const halfOf = ({ paidPerSecond, busy }: Run) => Math.max(1, Math.floor(paidPerSecond * (BUSY / busy)));
/** The p99 of checkouts and of payments. */
const timesQuiet = (quiet: Run, { sent }: Run) =>
  LATENCIES.map((what) => (sent[what].p99 / quiet.sent[what].p99).toFixed(1));

function shortcomings(quiet: Run, attacked: Run): string[] {
  const { attacks, leftOut } = attacked;
  const times = timesQuiet(quiet, attacked);
  const found = [];
  if (times.some((each) => Number(each) > MOST_TIMES_QUIET))
    found.push(`attack: p99 of checkouts and payments was ${times.join(' and ')} of the quiet run`);
  if (leftOut > MOST_LEFT_OUT * (attacks + leftOut))
    found.push(`attack: ${leftOut} of ${attacks + leftOut} attacks were not sent`);
  return found;
}

function rowOf(name: string, quiet: Run, measured: Run): string[] {
  const { sent, settled } = measured;
  const [checkout, payment] = LATENCIES.map((what) =>
    [sent[what].p50, sent[what].p95, sent[what].p99].map(Math.round).join(' / '),
  );
  return [
    name,
    `${Math.round(measured.busy * 100)} %`,
    measured.attacks,
    measured.uploadsEnded,
    measured.paid,
    checkout,
    payment,
    timesQuiet(quiet, measured).join(' / '),
    sent.accepted - settled.ended,
  ].map(String);
}
