import type { TcpProxy } from '@app/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Replica } from '../../../../local/stack/replica.js';
import type { Victim } from './outages.js';

/** A process that has not left its dead connections by then never will, in milliseconds. */
const LEAVES_WITHIN_MS = 20_000;
const CONNECTS_WITHIN_MS = 20_000;

export const workerVictim = (name: string, worker: Replica): Victim => ({
  name,
  faults: {
    killed: async () => {
      await worker.crash();
      return () => worker.start();
    },
    frozen: async () => {
      worker.freeze();
      return async () => worker.thaw();
    },
  },
});

/** The connections of one process to one server. TCP goes on: what is sent is acknowledged, and nobody is told of a close. */
export const linkVictim = (name: string, link: TcpProxy): Victim => ({
  name,
  // A process that was killed has nothing that could fall silent until it is back.
  ready: () => connected(name, link),
  faults: {
    /** Nothing passes, and all of it passes later. */
    silent: async () => {
      link.blackhole();
      return async () => link.heal();
    },
    /** The connections that are open are dead; new ones work. It ends when the process has left the dead ones. */
    forgotten: async () => {
      const left = link.forget();
      const tooLate = new AbortController();
      return () =>
        Promise.race([left, sleep(LEAVES_WITHIN_MS, false, tooLate)]).finally(() => tooLate.abort());
    },
  },
});

async function connected(name: string, link: TcpProxy): Promise<void> {
  for (const deadline = Date.now() + CONNECTS_WITHIN_MS; link.links === 0; await sleep(20)) {
    if (Date.now() > deadline)
      throw new Error(`${name} has not been connected for ${CONNECTS_WITHIN_MS / 1_000} s`);
  }
}
