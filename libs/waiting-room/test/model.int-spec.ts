import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TestRoom } from './support/room.js';

const PLACES = 2;

/** A waiting room as it should be, without a server. */
class Model {
  inside: string[] = [];
  queue: { readonly buyer: string; readonly ticket: number }[] = [];
  away: { readonly buyer: string; readonly ticket: number }[] = [];
  /** Whose silence nobody has noticed yet. */
  silent = new Set<string>();
  tickets = 0;

  enter(buyer: string): 'inside' | number {
    if (this.inside.includes(buyer)) return 'inside';
    this.#notice();
    const known = [...this.queue, ...this.away].find((each) => each.buyer === buyer);
    this.#remove(buyer);
    this.queue.push(known ?? { buyer, ticket: ++this.tickets });
    this.queue.sort((a, b) => a.ticket - b.ticket);
    const rank = this.queue.findIndex((each) => each.buyer === buyer);
    if (rank >= PLACES - this.inside.length) return rank + 1;
    this.#remove(buyer);
    this.inside.push(buyer);
    return 'inside';
  }

  endPlace(buyer: string) {
    this.inside = this.inside.filter((each) => each !== buyer);
  }

  leave(buyer: string) {
    this.endPlace(buyer);
    this.#remove(buyer);
    this.silent.delete(buyer);
  }

  silence(buyer: string) {
    if ([...this.queue, ...this.away].some((each) => each.buyer === buyer)) this.silent.add(buyer);
  }

  #notice() {
    for (const each of this.away.filter(({ buyer }) => this.silent.has(buyer))) this.#remove(each.buyer);
    for (const each of this.queue.filter(({ buyer }) => this.silent.has(buyer))) {
      this.#remove(each.buyer);
      this.away.push(each);
    }
    this.silent.clear();
  }

  #remove(buyer: string) {
    this.queue = this.queue.filter((each) => each.buyer !== buyer);
    this.away = this.away.filter((each) => each.buyer !== buyer);
  }
}

const COMMANDS = ['ask', 'ask', 'ask', 'leave', 'endPlace', 'runOut', 'silence'] as const;
const steps = fc.array(
  fc.tuple(fc.constantFrom(...COMMANDS), fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')),
  {
    maxLength: 60,
    size: 'max',
  },
);

it('does what a waiting room should, whatever buyers do', async () => {
  const property = fc.asyncProperty(steps, async (given) => {
    const room = new TestRoom({ places: PLACES });
    const model = new Model();
    try {
      for (const [command, buyer] of given) {
        if (command === 'ask') {
          expect(await room.ask(buyer)).toBe(model.enter(buyer));
        } else {
          await room[command](buyer);
          // Nobody can tell a place that ran out from one that was given up.
          model[command === 'runOut' ? 'endPlace' : command](buyer);
        }
        const { inside, queue } = model;
        expect(await room.occupancy()).toEqual({ inside: inside.length, waiting: queue.length });
      }
    } finally {
      await room.close();
    }
  });
  await fc.assert(property, { numRuns: 150 });
}, 60_000);
