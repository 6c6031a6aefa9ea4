import type { PlantedStatement } from '../protocol.js';

interface Defect {
  /** The application's own statement, with the defect. */
  readonly rewrite?: (text: string) => string;
  readonly retries?: boolean;
}

/** Strategies of the database with one thing left out. */
export const DEFECTS: Record<PlantedStatement, Defect> = {
  // Whoever finds too few units looks again, and waits for nobody.
  'planted:skipped-is-sold': {
    rewrite: (text) => text.replace(/FOR UPDATE\) AS free/, 'FOR UPDATE SKIP LOCKED) AS free'),
  },
  'planted:rows-not-locked': { rewrite: (text) => text.replace('FOR UPDATE SKIP LOCKED', '') },
  'planted:first-failure-is-final': { retries: false },
};
