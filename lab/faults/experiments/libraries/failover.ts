import { startRedisProgram } from '../../../../local/services/redis.js';
import type { Observation } from '../../cell.js';
import type { CellOptions } from '../../experiment.js';
import { overtaking } from '../../overtaking.js';
import type { Contender } from './contenders.js';
import { accountOf, toldTo } from './told.js';

/** Long enough that no lease runs out meanwhile, in milliseconds. */
const FAILOVER_TTL_MS = 30_000;

/** The server that has the grant dies, and what takes its place has never heard of it. Of five, one does. */
export const failover =
  (keeps: (contender: Contender) => boolean) =>
  async (contender: Contender, { scene }: CellOptions): Promise<Observation> => {
    const { driver, fence, store } = contender;
    const count = store === 'redlock' ? 5 : 1;
    const servers = await Promise.all(
      Array.from({ length: count }, () => startRedisProgram({ fsync: 'never' })),
    );
    scene.owns(...servers);
    const urls = servers.map(({ url }) => url).join(',');
    const start = (name: string) => scene.actor(name, { ...scene.servers, [store]: urls });
    const [first, second] = await Promise.all([start('first'), start('second')]);
    await Promise.all([first.calls.open(driver), second.calls.open(driver)]);
    const victim = scene.random.pick(servers);
    const kept = keeps(contender);
    const locking = { driver, fence, ttl: FAILOVER_TTL_MS, wait: 2 * FAILOVER_TTL_MS };
    const seen = await overtaking({
      scene,
      first,
      second,
      grantsTwice: !kept,
      locking,
      fault: async () => {
        const at = await scene.kill('redis', victim);
        await victim.start();
        scene.history.note('redis', 'repaired', 'back, empty');
        return at;
      },
    });
    return {
      harms: seen.harms,
      fired: seen.grantedTwice || kept || !contender.known,
      violations: seen.violations,
      figures: { oversold: seen.oversold, ...seen.figures },
      account: accountOf(seen.grantedTwice, seen.harms, toldTo(first, scene.history)),
      timeline: scene.history.events,
    };
  };
