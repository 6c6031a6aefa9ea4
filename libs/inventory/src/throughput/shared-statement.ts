import { verdictOf, type Verdict } from '@app/servers';

interface Asked<I, O> {
  readonly item: I;
  readonly resolve: (answer: O) => void;
  readonly reject: (error: unknown) => void;
}

/** Errors that leave nothing done, perhaps because of one item: a duplicate key, a deadlock, bad data. */
const UNDONE = new Set<Verdict>(['repeat', 'refused', 'defect']);

/**
 * Asks the database once for several lanes. Calls that come until the next microtask go together, and so do calls that come while a
 * statement runs; a full statement goes at once. Each caller gets the answer it would get alone.
 */
export class SharedStatement<I, O> {
  #waiting: Asked<I, O>[] = [];
  #underWay = 0;
  #scheduled = false;

  /**
   * @param most total weight of the items in one statement
   * @param ask answers all of the items, in their order, in one transaction
   */
  constructor(
    private readonly most: number,
    private readonly weightOf: (item: I) => number,
    private readonly ask: (items: readonly I[]) => Promise<readonly O[]>,
  ) {}

  add(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#send();
      });
    });
  }

  #send() {
    while (this.#waiting.length > 0) {
      const fitting = this.#fitting();
      const isFull = fitting < this.#waiting.length;
      if (this.#underWay > 0 && !isFull) return;
      this.#underWay++;
      void this.#askFor(this.#waiting.splice(0, fitting)).finally(() => {
        this.#underWay--;
        this.#send();
      });
    }
  }

  /** How many waiting items go into the next statement; at least one. */
  #fitting(): number {
    let weight = 0;
    const over = this.#waiting.findIndex(({ item }) => (weight += this.weightOf(item)) > this.most);
    return over < 0 ? this.#waiting.length : Math.max(1, over);
  }

  async #askFor(asked: readonly Asked<I, O>[]): Promise<void> {
    try {
      const answers = await this.ask(asked.map(({ item }) => item));
      asked.forEach(({ resolve }, i) => resolve(answers[i]!));
    } catch (error) {
      const isUndone = UNDONE.has(verdictOf(error));
      // One item must not fail the others: each is asked alone.
      if (isUndone && asked.length > 1) await Promise.all(asked.map((one) => this.#askFor([one])));
      // After any other error the effect is unknown, and those that wait would meet the same error later.
      else for (const { reject } of isUndone ? asked : [...asked, ...this.#waiting.splice(0)]) reject(error);
    }
  }
}
