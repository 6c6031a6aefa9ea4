/**
 * Outlives the process that started it by a moment, to end what that process started. It reads what to look after as
 * JSON lines on its standard input. The end of that input means that its owner ended, whatever ended it.
 */
import { createInterface } from 'node:readline';
import { startOf } from './process-table.mjs';
import { cleanUp, sweep, writeRecord } from './runs.mjs';

const graceMs = 10_000;
const [id] = process.argv.slice(2);

// Whoever ends a whole session or service sends these to everybody; the guard's work begins after that.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

const record = { guard: { pid: process.pid, started: startOf(process.pid) }, processes: [], paths: [] };
writeRecord(id, record);
const swept = sweep(graceMs);

for await (const line of createInterface({ input: process.stdin })) {
  const { process: added, path } = JSON.parse(line);
  if (added) record.processes.push(added);
  if (path) record.paths.push(path);
  writeRecord(id, record);
}

await swept;
await cleanUp(id, record, graceMs);
