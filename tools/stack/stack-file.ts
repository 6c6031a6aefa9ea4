import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDirectory } from '../paths.mjs';
import { currentRun } from '../processes/run.mjs';
import type { Stack } from './stack.js';

const file = join(localDirectory, 'stack.json');

/** Where the running stack of this checkout is found. */
export interface StackFile {
  apiUrls: string[];
  databaseUrl: string;
  redisUrl: string;
  workers: number;
  adminKey: string;
}

/** Tells other verbs about the stack for as long as this process lives. */
export function writeStackFile({ apiUrls, databaseUrl, redisUrl, workers, adminKey }: Stack): void {
  const content: StackFile = { apiUrls, databaseUrl, redisUrl, workers: workers.length, adminKey };
  currentRun().removeAtEnd(file);
  writeFileSync(file, JSON.stringify(content, null, 2), { mode: 0o600 });
}

export function readStackFile(): StackFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
