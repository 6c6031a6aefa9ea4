import { verdictOf, type Verdict } from '@app/servers';

interface Asked<I, O> {
  readonly item: I;
  readonly resolve: (answer: O) => void;
  readonly reject: (error: unknown) => void;
}

/** Answers after which nothing was done, perhaps because of one item: a key that is there already, a deadlock, bad data. */
const UNDONE = new Set<Verdict>(['repeat', 'refused', 'defect']);

/**
 * One statement for what several lanes of a process ask of the database at the same time. Lanes that were told something in one
 * message ask together. Whoever comes while a statement is under way goes with the next one; what fills a statement goes at
 * once. Each is answered as if it had been asked alone.
 */
export class SharedStatement<I, O> {
  #waiting: Asked<I, O>[] = [];
  #underWay = 0;
  #scheduled = false;

  /**
   * @param most what the items of one statement may weigh together
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

  /** How many of those that wait go into one statement; one at least. */
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
      // Nobody suffers for another's item: each is asked alone.
      if (isUndone && asked.length > 1) await Promise.all(asked.map((one) => this.#askFor([one])));
      // Of any other failure nobody knows what it came to, and who waits behind it would wait as long for the same.
      else for (const { reject } of isUndone ? asked : [...asked, ...this.#waiting.splice(0)]) reject(error);
    }
  }
}
