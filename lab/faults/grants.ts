import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.js';
import { grantsBetween } from './checks.js';
import type { History } from './history.js';

const PATIENCE_MS = 40_000;

/** Resolves after so many more grants. */
export async function grants(history: History, more: number): Promise<void> {
  const from = now();
  while (grantsBetween(history, from, Infinity).length < more) {
    if (now() - from > PATIENCE_MS)
      throw new Error(`fewer than ${more} grants within ${PATIENCE_MS / 1_000} s`);
    await sleep(10);
  }
}
