import { createBirpc } from 'birpc';
import { admit } from './admit.js';
import { checkout } from './checkout.js';
import { cycle } from './cycle.js';
import { edit } from './edit.js';
import { giveUp } from './give-up.js';
import { permit } from './permit.js';
import { plantedCheckout } from './planted/checkout.js';
import { Process } from './process.js';
import type { ActorCalls, LabCalls, Setup } from './protocol.js';
import { sell } from './sell.js';

/** One process of an experiment: does what the lab asks for, tells it everything, and halts where it should. */
export async function act(json: string): Promise<void> {
  let tasks = 0;
  let ending = false;
  const leave = () => ending && tasks === 0 && process.exit();

  async function working<T>(task: () => Promise<T>): Promise<T> {
    tasks++;
    try {
      return await task();
    } finally {
      tasks--;
      setImmediate(leave); // the answer goes out first
    }
  }

  const calls: ActorCalls = {
    open: (driver) => working(async () => void (await self.lockOf(driver))),
    checkout: (task) => working(() => (task.section ? plantedCheckout : checkout)(self, task)),
    admit: (task) => working(() => admit(self, task)),
    sell: (task) => working(() => sell(self, task)),
    edit: (task) => working(() => edit(self, task)),
    permit: (task) => working(() => permit(self, task)),
    giveUp: (task) => giveUp(self, task, working),
    cycle: (task) => working(() => cycle(self, task)),
    isIdle: async () => tasks === 0,
  };
  const lab = createBirpc<LabCalls, ActorCalls>(calls, {
    post: (message) => void process.send!(message),
    on: (receive) => void process.on('message', receive),
    eventNames: ['ready', 'record'],
    timeout: -1,
  });
  const self = new Process(JSON.parse(json) as Setup, lab);
  // A worker that is asked to end brings to its end what it has begun.
  process.once('SIGTERM', () => {
    ending = true;
    leave();
  });
  process.once('disconnect', () => process.exit()); // nobody is there to tell
  void lab.ready();
}
