import { cpus } from 'node:os';

/** Milliseconds since the machine started, summed over its cores. */
function spent() {
  const times = cpus().map((core) => core.times);
  const all = times.reduce((sum, { user, nice, sys, irq, idle }) => sum + user + nice + sys + irq + idle, 0);
  const idle = times.reduce((sum, core) => sum + core.idle, 0);
  return { all, idle };
}

/** Does the work, and says which share of the machine's processor time was not idle meanwhile: 0 to 1. */
export async function busyDuring<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const before = spent();
  const result = await work();
  const after = spent();
  return [result, 1 - (after.idle - before.idle) / (after.all - before.all)];
}
