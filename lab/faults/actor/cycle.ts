import { setTimeout as sleep } from 'node:timers/promises';
import type { Process } from './process.js';
import type { CycleTask, Leaks } from './protocol.js';

/** Before anything is counted: connections open, scripts are loaded. */
const WARM_UP = 20;
/** For what ends a moment after the release, in milliseconds. */
const QUIET_MS = 500;

export async function cycle(self: Process, { resource, cycles, ...locking }: CycleTask): Promise<Leaks> {
  const lock = await self.lockOf(locking.driver);
  const use = (name: string) => lock.withLock(name, locking, async () => undefined);
  let listeners = 0;
  process.on('warning', ({ name }) => (listeners += name === 'MaxListenersExceededWarning' ? 1 : 0));
  // These are told, for the drawing.
  for (let i = 0; i < WARM_UP; i++) await self.holding(locking, resource, async () => undefined, lock);
  await sleep(QUIET_MS);
  const before = inUse();
  for (let i = 0; i < cycles; i++) await use(`${resource}:${i}`);
  await sleep(QUIET_MS);
  const after = inUse();
  const more = (kind: keyof typeof before) => Math.max(0, after[kind] - before[kind]);
  return { timers: more('timers'), connections: more('connections'), listeners };
}

function inUse() {
  const resources = process.getActiveResourcesInfo();
  const count = (...kinds: string[]) => resources.filter((kind) => kinds.includes(kind)).length;
  return { timers: count('Timeout'), connections: count('TCPSocketWrap') };
}
