import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
/** What this checkout keeps for itself: running instances, logs, installed programs. */
export const localDirectory = fileURLToPath(new URL('../.local/', import.meta.url));
