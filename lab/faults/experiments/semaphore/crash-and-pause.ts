import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../../clock.js';
import type { Actor } from '../../actor.js';
import type { Observation } from '../../cell.js';
import type { CellOptions } from '../../experiment.js';
import { permitsAtOnce, watchPermits } from '../../permits.js';
import { Player } from '../../player.js';

/** For what a busy machine may be late with, in milliseconds. */
const ALLOWANCE_MS = 4_000;

/** All permits are taken; their holders are killed; their heirs take them; one of those is frozen. */
export async function crashAndPause(
  driver: string,
  fence: boolean,
  { scene, ttl }: CellOptions,
): Promise<Observation> {
  const { history, random } = scene;
  const permits = random.between(2, 3);
  const { resource, ...watch } = await watchPermits(scene);
  const group = (name: string) => Array.from({ length: permits }, (_, i) => `${name} ${i + 1}`);
  const [holders, heirs, [late]] = await Promise.all([
    scene.actors(...group('holder')),
    scene.actors(...group('heir')),
    scene.actors('late'),
  ]);
  const longest = ttl + ALLOWANCE_MS;
  const taker = (actor: Actor, wait = longest) =>
    new Player(actor, () => actor.calls.permit({ driver, fence, ttl, wait, resource, permits }));
  const grantsOf = (actor: Actor) =>
    history.events.flatMap((event) =>
      event.actor === actor.name && event.kind === 'granted' ? event.at : [],
    );
  const violations: string[] = [];
  const expect = (holds: boolean, otherwise: string) => holds || violations.push(otherwise);

  await Promise.all(holders.map((holder) => taker(holder).startTo('granted')));
  const heirsTaking = heirs.map((heir) => taker(heir));
  const coming = heirsTaking.map((heir) => heir.startTo('granted'));
  await sleep(random.between(ttl / 20, ttl / 4));
  const killedAt = Math.min(...(await Promise.all(holders.map((holder) => holder.kill('SIGKILL')))));
  const back = (await Promise.all(coming)).filter(Boolean).length;
  const figures = { permits, deadTimeMs: heirs.flatMap(grantsOf).map((at) => at - killedAt) };
  if (back < permits) {
    const lost = `${permits - back} of ${permits} permits did not come back`;
    const account = `${lost} from the killed processes`;
    return {
      harms: [`${lost} within ${longest} ms`],
      fired: true,
      figures,
      account,
      timeline: history.events,
    };
  }
  // The watchdog keeps two thirds of the TTL ahead; with early takeover one permit at least is back before, or it was the TTL.
  const [least, most] = fence ? [0, (ttl * 2) / 3] : [ttl / 4, longest];
  const [soonest, latest] = [Math.min(...figures.deadTimeMs), Math.max(...figures.deadTimeMs)];
  expect(
    soonest >= least && soonest <= most && latest <= longest,
    `the permits came back ${figures.deadTimeMs.map(Math.round).join(', ')} ms after the crash, not within ${least} to ${most} ms`,
  );

  const refused = await taker(late!, ttl / 4).startTo('granted');
  expect(!refused, 'one more had a permit while all were out');

  const sleeper = random.pick(heirsTaking);
  sleeper.actor.stop();
  const guest = taker(late!, longest);
  const whilePaused = await guest.startTo('granted');
  sleeper.actor.continue();
  const told = await until(() => history.find(sleeper.actor.name, 'lost')?.at, ALLOWANCE_MS);
  expect(told !== undefined, 'the signal of the paused holder did not tell it that its permit was gone');
  for (const heir of heirsTaking) {
    const error = await heir.goOn();
    const expected = heir === sleeper ? 'LOCK_LOST' : undefined;
    expect(
      error === expected,
      `${heir.actor.name} ended with ${error ?? 'no error'}, not ${expected ?? 'without one'}`,
    );
  }
  await guest.goOn();

  const again = heirs.map((heir) => taker(heir));
  const all = await Promise.all(again.map((heir) => heir.startTo('granted')));
  expect(all.every(Boolean), 'not all permits could be taken in the end');
  await Promise.all(again.map((heir) => heir.goOn()));
  expect((await watch.leftovers()) === 0, 'holders or waiters are left in Redis in the end');
  const atOnce = permitsAtOnce(await watch.changes());
  expect(atOnce >= permits, `Redis showed ${atOnce} permits at once, though ${permits} were out`);
  return {
    harms: atOnce > permits ? [`${atOnce} permits at once, of ${permits}`] : [],
    fired: whilePaused,
    violations,
    figures: {
      ...figures,
      permitsAtOnce: atOnce,
      ...(whilePaused && told !== undefined && { zombieMs: told - grantsOf(late!).at(-1)! }),
    },
    account: `${permits} permits, never more than ${atOnce} at once by the clock of Redis; all came back after the crash`,
    timeline: history.events,
  };
}

/** Waits for something to be there, for so many milliseconds at most. */
async function until<T>(look: () => T | undefined, patience: number): Promise<T | undefined> {
  const latest = now() + patience;
  while (look() === undefined && now() < latest) await sleep(20);
  return look();
}
