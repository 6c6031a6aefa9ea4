import { setTimeout as sleep } from 'node:timers/promises';

/** Least time between two round trips: it fills them under load. An item that comes when none is under way goes at once. */
const GATHER_MS = 10;

interface Asked<I, O> {
  readonly item: I;
  readonly resolve: (answer: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One round trip for many: what is asked for in one turn of the event loop goes together, and so does what comes while a round trip
 * is under way. If that fails, those who wait fail with it.
 */
export class Gatherer<I, O> {
  #waiting: Asked<I, O>[] = [];
  #running = false;

  /**
   * `ask` answers up to `most` items in one round trip, in their order. Those that are alike go together as far as they can
   * where `groupOf` says which are.
   */
  constructor(
    private readonly most: number,
    private readonly ask: (items: readonly I[]) => Promise<readonly O[]>,
    private readonly groupOf: (item: I) => string = () => '',
  ) {}

  add(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      setImmediate(() => void this.#run());
    });
  }

  async #run() {
    while (this.#waiting.length > 0) {
      const gathered = this.#grouped();
      this.#waiting = [];
      const asking = [];
      for (let i = 0; i < gathered.length; i += this.most)
        asking.push(this.#ask(gathered.slice(i, i + this.most)));
      await Promise.all([...asking, sleep(GATHER_MS)]);
    }
    this.#running = false;
  }

  /** In groups, each at the place of its first item. */
  #grouped(): readonly Asked<I, O>[] {
    const groups = new Map<string, Asked<I, O>[]>();
    for (const waiting of this.#waiting) {
      const group = this.groupOf(waiting.item);
      const members = groups.get(group) ?? [];
      groups.set(group, members);
      members.push(waiting);
    }
    return [...groups.values()].flat();
  }

  async #ask(asked: readonly Asked<I, O>[]) {
    try {
      const answers = await this.ask(asked.map(({ item }) => item));
      asked.forEach(({ resolve }, i) => resolve(answers[i]!));
    } catch (error) {
      for (const { reject } of [...asked, ...this.#waiting.splice(0)]) reject(error);
    }
  }
}
