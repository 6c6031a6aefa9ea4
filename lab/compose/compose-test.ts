import { withProgress } from '../../local/terminal.js';
import { LOCKING_ELSEWHERE, OUTAGES, UNNOTICED, up, upLocks } from './changes.js';
import { Compose, outputOf, type Outcome } from './compose.js';
import { k6, k6During } from './load.js';
import { brokenBy } from './truth.js';

export interface ComposeTestOptions {
  /** Checkouts per second while something happens. */
  readonly rate: number;
  /** How often each thing happens. */
  readonly times: number;
  /** Whether the servers of the other lock drivers are tried too. */
  readonly locks: boolean;
  /** Compose files that are laid over docker-compose.yml. */
  readonly overrides: readonly string[];
}

/** Resolves to what was seen. Rejects with what is broken. */
type Step = readonly [what: string, run: () => Promise<string | void>];

/** Starts the containers as docker-compose.yml says, and does to them what happens to containers. Resolves to how many steps failed. */
export async function testCompose(options: ComposeTestOptions): Promise<number> {
  const compose = await Compose.create(options.overrides);
  let failures = 0;
  await remove(compose); // what an interrupted run has left
  try {
    await step(['the image is built', () => compose.run(['build']).then(() => undefined)]);
    await step(['every container is healthy', () => up(compose)]);
    for (const each of stepsOf(compose, options))
      await step(each).catch((error: Error) => {
        console.log(`✗ ${each[0]}: ${error.message}`);
        failures++;
      });
  } finally {
    await remove(compose);
  }
  return failures;
}

const remove = (compose: Compose) =>
  compose.run(['--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '5']);

async function step([what, run]: Step): Promise<void> {
  const began = performance.now();
  const seen = await withProgress(what, run);
  console.log(`✓ ${what} (${Math.round((performance.now() - began) / 1_000)} s)${seen ? `: ${seen}` : ''}`);
}

function* stepsOf(compose: Compose, { rate, times, locks }: ComposeTestOptions): Generator<Step> {
  yield ['every alert fires for its fault', () => testAlerts(compose)];
  yield ['every route answers', () => k6(compose, 'smoke').then(countsOf)];
  const oversold = { STRATEGY: 'none', EXPECT: 'oversold' };
  yield ['without the lock it oversells', () => k6(compose, 'flash-sale', oversold).then(countsOf)];
  yield ['with it, it does not', () => k6(compose, 'flash-sale').then(countsOf)];
  for (let i = 0; i < times; i++) {
    for (const [what, happens] of Object.entries(UNNOTICED)) {
      yield [what, () => k6During(compose, 'steady', { RATE: rate }, happens).then(countsOf)];
      yield ['every container is healthy again', () => up(compose)];
    }
    for (const [what, happens] of Object.entries(OUTAGES)) yield [what, () => survived(compose, happens)];
  }
  if (!locks) return;
  yield ['the lock servers are healthy', () => upLocks(compose)];
  const few = { RATE: 20, SPIKE_RATE: 20, STOCK: 100, DURATION: 5 };
  for (const STRATEGY of LOCKING_ELSEWHERE)
    yield [`a sale under ${STRATEGY}`, () => k6(compose, 'flash-sale', { ...few, STRATEGY }).then(countsOf)];
}

/** What k6 counted. */
function countsOf(load: Outcome): string | undefined {
  return /^ +(?:checkouts|checks) +(.*)$/m.exec(outputOf(load))?.[1];
}

async function survived(compose: Compose, happens: (compose: Compose) => Promise<void>) {
  const load = await k6During(compose, 'outages', {}, happens);
  const seen = countsOf(load);
  const broken = await brokenBy(compose, load.output);
  if (broken.length > 0) throw new Error(broken.join('\n    '));
  return seen;
}

/** Prometheus reads the rules, and has a tool that tests them, which wants a folder that it may write to. */
async function testAlerts(compose: Compose): Promise<void> {
  const tool = ['--env=TMPDIR=/prometheus', '--entrypoint=promtool', 'prometheus'];
  outputOf(await compose.once([...tool, 'test', 'rules', '/etc/prometheus/alerts.test.yml']));
}
