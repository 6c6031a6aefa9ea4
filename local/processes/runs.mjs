import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { localDirectory } from '../paths.mjs';
import { endAll, isAlive, startOf } from './process-table.mjs';

const keptLogs = 5;

const runsDirectory = join(localDirectory, 'run');
const logsDirectory = join(localDirectory, 'log');

/**
 * A run is one verb (or test run) with the processes it started. Its name carries the identity of the process it belongs
 * to, so that a directory says by itself whether it is stale.
 */
export const runIdOf = (pid) => `${pid}-${startOf(pid)}`;
export const runDirectory = (id) => join(runsDirectory, id);
export const logDirectory = (id) => join(logsDirectory, id);

function ownerOf(id) {
  const [pid, started] = id.split('-');
  return { pid: Number(pid), started };
}

/** The record of a run: its guard, the processes to end and the paths to remove. */
export function writeRecord(id, record) {
  const file = join(runDirectory(id), 'run.json');
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function readRecord(id) {
  try {
    return JSON.parse(readFileSync(join(runDirectory(id), 'run.json'), 'utf8'));
  } catch {
    return undefined; // The owner died before its guard wrote one: there is nothing to end.
  }
}

/** Ends what a run left behind. Servers go last, so that what uses them can still finish. */
export async function cleanUp(id, { processes, paths }, graceMs) {
  const first = processes.filter(({ stopLast }) => !stopLast);
  const last = processes.filter(({ stopLast }) => stopLast);
  await endAll(first, graceMs);
  await endAll(last, graceMs);
  remove(runDirectory(id));
  // A link that still leads somewhere belongs to another run by now.
  for (const path of paths.filter((candidate) => !isLink(candidate) || !existsSync(candidate))) remove(path);
}

const remove = (path) => rmSync(path, { recursive: true, force: true });
const isLink = (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;

/** Cleans up after runs whose verb and guard both died (a power cut, a killed session). */
export async function sweep(graceMs) {
  mkdirSync(runsDirectory, { recursive: true });
  for (const id of readdirSync(runsDirectory)) {
    const record = readRecord(id);
    if (isAlive(ownerOf(id)) || (record && isAlive(record.guard))) continue;
    await cleanUp(id, record ?? { processes: [], paths: [] }, graceMs);
  }
  removeOldLogs();
}

function removeOldLogs() {
  mkdirSync(logsDirectory, { recursive: true });
  const ended = readdirSync(logsDirectory).filter((id) => !isAlive(ownerOf(id)));
  const newestFirst = ended.sort((a, b) => Number(ownerOf(b).started) - Number(ownerOf(a).started));
  for (const id of newestFirst.slice(keptLogs)) remove(logDirectory(id));
}
