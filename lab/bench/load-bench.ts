import type { Client } from 'pg';
import type { Stack } from '../../local/stack/stack.js';
import type { K6 } from '../k6.js';

/** What a benchmark that loads the application with k6 works with. */
export interface LoadBench {
  readonly stack: Stack;
  readonly database: Client;
  readonly k6: K6;
  /** Gets a folder for each run of k6. */
  readonly directory: string;
  readonly progress: (line: string) => void;
}
