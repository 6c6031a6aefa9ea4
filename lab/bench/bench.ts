const BENCHMARKS = {
  worker: async () => (await import('./worker/worker-bench.js')).workerBench,
  network: async () => (await import('./network/delayed-race.js')).delayedRace,
  locks: async () => (await import('./locks/locks-bench.js')).locksBench,
};

/** Runs a benchmark that needs no running application, and reports its result to the parent process. */
export async function bench(name: string, json: string): Promise<void> {
  const run = await BENCHMARKS[name as keyof typeof BENCHMARKS]();
  process.send!(await run(JSON.parse(json), console.log));
}
