import type { TcpProxy } from '@app/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { promote, waitingCommits } from '../../../../local/services/postgres-failover.js';
import type { Service } from '../../../../local/services/service.js';
import { NotStagedError } from '../../actor.js';
import type { Scene } from '../../scene.js';
import type { ShopWithStandby } from './shop.js';

/** How the primary is lost. */
export type Loss = 'killed' | 'frozen' | 'partitioned';

/** In milliseconds: for so long who is connected to the old primary stays, though another one is there. */
const BOTH_MS = 1_500;

/** Does it. Resolves to what happens to the old primary once the other one is there, until it has no client any more. */
const LOSSES: Readonly<Record<Loss, (primary: Service, address: TcpProxy) => Promise<() => Promise<void>>>> =
  {
    killed: async (primary) => {
      await primary.kill();
      return () => Promise.resolve();
    },
    frozen: async (primary, address) => {
      const thaw = await primary.freeze();
      return async () => {
        thaw();
        await fence(primary, address);
      };
    },
    // It was cut off from its standby before.
    partitioned: async (primary, address) => () => fence(primary, address),
  };

export interface Lost {
  /** In milliseconds since the epoch. */
  readonly lostAt: number;
  /** Until the standby took writes, in milliseconds. */
  readonly failoverMs: number;
  /** When nobody was left on the old primary, in milliseconds since the epoch. */
  readonly overAt: number;
}

/**
 * Some buyers have bought. Nothing comes to the standby any more, the primary is lost, the standby promoted, and the address leads to
 * it. Who is connected to an old primary that lives stays there for a while.
 *
 * @param waits whether commits wait for the standby
 */
export async function loseThePrimary(
  { history, random }: Scene,
  { primary, standby, stream, address }: ShopWithStandby,
  { loss, waits }: { readonly loss: Loss; readonly waits: boolean },
): Promise<Lost> {
  await sleep(random.between(1_500, 3_000));
  history.note('standby cut off', 'fault');
  stream.blackhole();
  await sleep(random.between(800, 1_500));
  if (waits && (await waitingCommits(primary)) === 0)
    throw new NotStagedError('no commit waited for the standby');
  history.note(`primary ${loss}`, 'fault');
  const lostAt = Date.now();
  const end = await LOSSES[loss](primary, address);
  await promote(standby);
  const { hostname, port } = new URL(standby.url);
  address.leadTo(hostname, Number(port));
  const failoverMs = Date.now() - lostAt;
  history.note('standby cut off', 'repaired');
  await end();
  history.note(`primary ${loss}`, 'repaired');
  return { lostAt, failoverMs, overAt: Date.now() };
}

/** Somebody sees to it that the old primary is used no more. */
async function fence(primary: Service, address: TcpProxy): Promise<void> {
  await sleep(BOTH_MS);
  address.cut();
  await primary.kill();
  address.heal();
}
