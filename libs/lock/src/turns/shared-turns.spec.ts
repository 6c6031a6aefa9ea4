import { setImmediate as settle } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Grant, LockDriver, LockRequest } from '../contract.js';
import { LockBackendUnavailableError } from '../errors.js';
import { SharedTurns } from './shared-turns.js';

/** A store of one process that grants what it is told to, in the order in which it was asked. */
class Store implements LockDriver {
  readonly asked: { request: LockRequest; grant(): Turnable; refuse(): void }[] = [];
  index = 0n;

  acquire(resource: string, request: LockRequest) {
    return new Promise<Grant>((resolve, reject) => {
      request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
      this.asked.push({
        request,
        grant: () => {
          const turnable = new Turnable(++this.index);
          resolve(turnable.grant);
          return turnable;
        },
        refuse: () => reject(new LockBackendUnavailableError(resource, undefined)),
      });
    });
  }

  reseeded: bigint | undefined;
  async reseed(_: string, above: bigint) {
    this.reseeded = above;
  }

  remedyFor() {
    return undefined;
  }

  async close() {}
}

class Turnable {
  readonly lost = new AbortController();
  released = 0;
  ours = true;
  readonly grant: Grant;

  constructor(token: bigint) {
    this.grant = {
      holder: `place-${token}`,
      token,
      provenAt: performance.now(),
      ttl: 2_000,
      lost: this.lost.signal,
      extend: async () => this.ours,
      release: async () => {
        this.released++;
        return this.ours;
      },
    };
  }
}

const request = (ttl = 1_000, signal = new AbortController().signal): LockRequest => ({ ttl, signal });
const open = () => {
  const store = new Store();
  return { store, turns: new SharedTurns(store) };
};

it('asks once for all who wait, and hands the lock from one to the next under growing tokens', async () => {
  const { store, turns } = open();
  const callers = [1, 2, 3].map(() => turns.acquire('r', request()));
  expect(store.asked).toHaveLength(1);
  const turn = store.asked[0]!.grant();
  const outcomes: Promise<boolean>[] = [];
  const seen: Grant[] = [];
  for (const caller of callers) {
    const grant = await caller;
    seen.push(grant);
    outcomes.push(grant.release());
  }
  expect(seen.map(({ token }) => token)).toEqual([64n, 65n, 66n]);
  expect(new Set(seen.map(({ holder }) => holder)).size).toBe(3);
  expect(seen.map(({ ttl }) => ttl)).toEqual([2_000, 2_000, 2_000]);
  expect(await Promise.all(outcomes)).toEqual([true, true, true]);
  expect(turn.released).toBe(1);
  expect(await seen[0]!.release()).toBe(false);
  expect(turn.released).toBe(1);
});

it('makes those who come later wait for the next turn, which it asks for at once', async () => {
  const { store, turns } = open();
  const first = turns.acquire('r', request());
  const turn = store.asked[0]!.grant();
  const held = await first;
  const late = turns.acquire('r', request());
  expect(store.asked).toHaveLength(2);
  expect(await held.release()).toBe(true);
  expect(turn.released).toBe(1);
  store.asked[1]!.grant();
  expect((await late).token).toBe(128n);
});

it('gives a turn only to those who asked for its TTL', async () => {
  const { store, turns } = open();
  const [short, long] = [turns.acquire('r', request(1_000)), turns.acquire('r', request(5_000))];
  store.asked[0]!.grant();
  await (await short).release();
  expect(store.asked.map(({ request: { ttl } }) => ttl)).toEqual([1_000, 5_000]);
  store.asked[1]!.grant();
  expect((await long).token).toBe(128n);
});

it('passes over who gives up, and stops asking when all have', async () => {
  const { store, turns } = open();
  const [one, two, three] = [1, 2, 3].map(() => new AbortController());
  const callers = [one, two, three].map((caller) => turns.acquire('r', request(1_000, caller!.signal)));
  two!.abort(new Error('no more'));
  await expect(callers[1]).rejects.toThrow('no more');
  store.asked[0]!.grant();
  const first = await callers[0]!;
  void first.release();
  expect((await callers[2]!).token).toBe(65n);

  const waiting = turns.acquire('r', request(1_000, one!.signal));
  one!.abort(new Error('nor this'));
  await expect(waiting).rejects.toThrow('nor this');
  expect(store.asked[1]!.request.signal.aborted).toBe(true);
});

it('queues those again to whom a lost turn was promised, though the work of its caller goes on', async () => {
  const { store, turns } = open();
  const [first, second] = [turns.acquire('r', request()), turns.acquire('r', request())];
  const turn = store.asked[0]!.grant();
  const held = await first;
  turn.ours = false;
  turn.lost.abort();
  expect(store.asked).toHaveLength(2);
  store.asked[1]!.grant();
  const next = await second;
  expect(next.token).toBe(128n);
  expect(await held.release()).toBe(false);
  expect(await next.release()).toBe(true);
});

it('tells who handed a turn on when it turns out to have been lost', async () => {
  const { store, turns } = open();
  const [first, second] = [turns.acquire('r', request()), turns.acquire('r', request())];
  const turn = store.asked[0]!.grant();
  const released = (await first).release();
  const held = await second;
  turn.ours = false;
  expect(await held.extend!(1_000)).toBe(false);
  expect(await held.release()).toBe(false);
  expect(await released).toBe(false);
});

it('tells all who wait that the store does not answer, and asks anew for the next', async () => {
  const { store, turns } = open();
  const callers = [1, 2].map(() => turns.acquire('r', request()));
  store.asked[0]!.refuse();
  for (const caller of callers) await expect(caller).rejects.toBeInstanceOf(LockBackendUnavailableError);
  void turns.acquire('r', request());
  await settle();
  expect(store.asked).toHaveLength(2);
});

it('tells its callers once others are to have the lock first: in the store, or in this process', async () => {
  const { store, turns } = open();
  const told: string[] = [];
  const caller = (name: string) => ({ ...request(), contended: () => told.push(name) });
  void turns.acquire('r', caller('first'));
  expect(told).toEqual([]);
  void turns.acquire('r', caller('second'));
  expect(told).toEqual(['second']);
  store.asked[0]!.request.contended!();
  expect(told).toEqual(['second', 'first', 'second']);
});

it('re-seeds the store so far that the first token of its next turn is above what was asked for', async () => {
  const { store, turns } = open();
  for (const above of [0n, 63n, 64n, 1_000n]) {
    await turns.reseed('r', above);
    store.index = store.reseeded!;
    const caller = turns.acquire('r', request());
    store.asked.at(-1)!.grant();
    const grant = await caller;
    expect(grant.token).toBeGreaterThan(above);
    await grant.release();
  }
});
