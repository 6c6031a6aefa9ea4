import { readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDirectory } from '../paths.mjs';
import { currentRun } from '../processes/run.mjs';
import type { Stack } from './stack.js';

const link = join(localDirectory, 'stack.json');

/** Where a running stack of this checkout is found. */
interface StackFile {
  apiUrls: string[];
  databaseUrl: string;
  redisUrl: string;
  workers: number;
  adminKey: string;
}

/** Tells other verbs about the stack for as long as this process lives. If several run, the newest is found. */
export function writeStackFile({ apiUrls, databaseUrl, redisUrl, workers, adminKey }: Stack): void {
  const run = currentRun();
  const file = join(run.directory, 'stack.json');
  const content: StackFile = { apiUrls, databaseUrl, redisUrl, workers: workers.length, adminKey };
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  symlinkSync(file, `${file}.link`);
  renameSync(`${file}.link`, link);
  run.removeAtEnd(link);
}

/** The stack that is running, if one is. */
export function readStackFile(): StackFile | undefined {
  try {
    return JSON.parse(readFileSync(link, 'utf8')) as StackFile;
  } catch {
    return undefined;
  }
}
