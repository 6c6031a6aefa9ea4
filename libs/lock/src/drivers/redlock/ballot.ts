import type { Voter } from './voter.js';

/** How a vote went. Who did not answer may have acted all the same. */
export interface Ballot {
  /** Whether a majority said yes; `undefined` while it depends on those who did not answer. */
  readonly carried: boolean | undefined;
  /** How many answered, at least, when this was certain. */
  readonly reached: number;
  readonly errors: readonly unknown[];
}

/** More than half: any two majorities have a voter in common. */
export const majorityOf = (voters: readonly Voter[]) => Math.floor(voters.length / 2) + 1;

/** Asks all at once, and waits for no more answers than the outcome needs: a slow minority delays nobody. */
export async function ballot(
  voters: readonly Voter[],
  question: (voter: Voter) => Promise<boolean>,
): Promise<Ballot> {
  const majority = majorityOf(voters);
  let yes = 0;
  let no = 0;
  const errors: unknown[] = [];
  await new Promise<void>((decided) => {
    const count = () => {
      const open = voters.length - yes - no - errors.length;
      if (yes >= majority || no > voters.length - majority || open === 0) decided();
    };
    for (const voter of voters) {
      question(voter)
        .then(
          (answer) => void (answer ? yes++ : no++),
          (error) => void errors.push(error),
        )
        .finally(count);
    }
  });
  const carried = yes >= majority ? true : no > voters.length - majority ? false : undefined;
  return { carried, reached: yes + no, errors };
}
