import { ExpectedError } from '../expected-error.js';
import { step } from '../terminal.js';

export interface Found<T> {
  value: T;
  /** What was found, and why this way was taken, for the line that tells the user. */
  because: string;
}

/** One way to provide something. */
export interface Way<T> {
  /** Short, for SETUP_SKIP. */
  name: string;
  /** What the user can do so that this way works, for the error that lists all ways. */
  advice: string;
  /** @throws Unavailable where this way is not open; any other error means that it was tried and failed. */
  find(): Promise<Found<T>>;
}

/** This way is not open on this machine: not an incident, the next way is tried. */
export class Unavailable extends Error {}

/** Nothing on this machine meets the need. */
class NeedUnmet extends ExpectedError {}

/** Takes the first way that works. SETUP_SKIP names ways not to try: `SETUP_SKIP=apt,docker`. */
export async function meetNeed<T>(
  need: string,
  ways: Way<T>[],
  skip = process.env.SETUP_SKIP ?? '',
): Promise<T> {
  const skipped = skip.split(',');
  const refusals: string[] = [];
  for (const way of ways) {
    try {
      if (skipped.includes(way.name)) throw new Unavailable('skipped by SETUP_SKIP');
      const found = await way.find();
      step(need, found.because);
      return found.value;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!(error instanceof Unavailable)) {
        console.log(`- ${need}: ${way.name} failed (${reason.split('\n')[0]}), trying the next way`);
      }
      refusals.push(`  - ${way.advice}\n    (${way.name}: ${reason})`);
    }
  }
  throw new NeedUnmet(
    `${need} is needed, and nothing here provides it. Ways to provide it:\n${refusals.join('\n')}`,
  );
}

/** Meets several needs, or tells in one error all that is missing. */
export async function meetAll(...needs: (() => Promise<unknown>)[]): Promise<void> {
  const unmet: string[] = [];
  for (const meet of needs) {
    try {
      await meet();
    } catch (error) {
      if (!(error instanceof NeedUnmet)) throw error;
      unmet.push(error.message);
    }
  }
  if (unmet.length > 0) throw new NeedUnmet(unmet.join('\n\n'));
}

/** The same answer for everybody in this process who has the need. */
export function once<T>(meet: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= meet());
}
