import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Network } from '../support/network.js';
import { eventually, within } from '../support/eventually.js';
import { hold } from '../support/hold.js';
import type { Subject } from '../support/subject.js';
import type { LockTraits } from '../../src/index.js';
import { nothing, outcomeOf, queued, tokenOf, type Check } from './check.js';
import { behindNetwork } from './network.js';

const bySession = ({ freedBy }: LockTraits) => freedBy === 'session';

const TTL = 15_000;
const request = () => ({ ttl: TTL, signal: new AbortController().signal });

/** A driver whose session of this TTL is open, and whose network a check breaks. */
async function connected(subject: Subject) {
  const { network, driver, lock } = await behindNetwork(subject);
  await lock.withLock(subject.resource(), { ttl: TTL, wait: 5_000 }, nothing);
  return { network, driver, lock };
}

/** Everything under way is lost, and new connections work. */
function reconnect(network: Network) {
  network.cut();
  network.heal();
}

export const findsItsPlaceAgain: Check = {
  title: 'takes one place in the queue, and finds it again when the answer is lost',
  applies: bySession,
  async run(subject) {
    const { network, driver } = await connected(subject);
    const resource = subject.resource();
    network.holdAnswers();
    const acquiring = driver.acquire(resource, request());
    const created = await queued(subject, resource, 1);
    reconnect(network);
    const grant = await within(8_000, 'it is granted', acquiring);
    expect(await subject.store.sessions!.queue(resource)).toEqual(created);
    expect(grant.token).toBe(tokenOf(created[0]!));
    expect(await grant.extend!(TTL)).toBe(true);
    expect(await grant.release()).toBe(true);
    await queued(subject, resource, 0);
  },
};

export const asksAgain: Check = {
  title: 'asks again when the request itself was lost',
  applies: bySession,
  async run(subject) {
    const { network, driver } = await connected(subject);
    const resource = subject.resource();
    const sent = network.requests;
    network.blackhole();
    const acquiring = driver.acquire(resource, request());
    await eventually('the request is under way', () => network.requests > sent);
    reconnect(network);
    const grant = await within(8_000, 'it is granted', acquiring);
    await queued(subject, resource, 1);
    expect(await grant.release()).toBe(true);
  },
};

export const takesBackWhatWasGivenUp: Check = {
  title: 'leaves the queue when its caller gives up without having heard',
  applies: bySession,
  async run(subject) {
    const { network, lock } = await connected(subject);
    const resource = subject.resource();
    network.holdAnswers();
    const caller = new AbortController();
    const options = { ttl: TTL, wait: 5_000, signal: caller.signal };
    const outcome = outcomeOf(lock.withLock(resource, options, nothing));
    await sleep(200); // in the middle of it
    caller.abort();
    expect(await within(1_000, 'it gives up', outcome)).toBe('LOCK_ABORTED');
    await queued(subject, resource, 1);
    reconnect(network);
    await queued(subject, resource, 0);
    const other = (await subject.lock()).withLock(resource, subject.options, nothing);
    expect(await outcomeOf(other)).toBe('granted');
  },
};

export const takesBackWhatWasRefused: Check = {
  title: 'leaves the queue when its caller was told that the store does not answer',
  applies: bySession,
  async run(subject) {
    const { network, driver } = await connected(subject);
    const resource = subject.resource();
    network.holdAnswers();
    const outcome = outcomeOf(driver.acquire(resource, request()));
    await queued(subject, resource, 1);
    expect(await within(8_000, 'it is told', outcome)).toBe('LOCK_BACKEND_UNAVAILABLE');
    network.heal();
    await queued(subject, resource, 0);
  },
};

export const knowsItsRelease: Check = {
  title: 'knows a release that it has to repeat for its own',
  applies: bySession,
  async run(subject) {
    const { network, driver } = await connected(subject);
    const resource = subject.resource();
    const grant = await driver.acquire(resource, request());
    network.holdAnswers();
    const released = grant.release();
    await queued(subject, resource, 0);
    reconnect(network);
    expect(await within(8_000, 'it is released', released)).toBe(true);
    expect(await grant.release()).toBe(false);
  },
};

export const releasesLater: Check = {
  title: 'releases as soon as the store is back, though the caller was told that it is not',
  applies: bySession,
  async run(subject) {
    const { network, driver } = await connected(subject);
    const resource = subject.resource();
    const grant = await driver.acquire(resource, request());
    network.cut();
    expect(await outcomeOf(grant.release())).toBe('LOCK_BACKEND_UNAVAILABLE');
    expect(await subject.store.sessions!.queue(resource)).toHaveLength(1);
    network.heal();
    await queued(subject, resource, 0);
  },
};

export const lostAnswerIsNoLoss: Check = {
  title: 'does not take a lost answer for the loss of the lease',
  applies: bySession,
  async run(subject) {
    const { network, lock } = await connected(subject);
    const held = await hold(lock, subject.resource(), { ttl: TTL, wait: 5_000 });
    const { expiresAt } = held.lease;
    network.holdAnswers();
    reconnect(network);
    await eventually('the lease goes on', () => held.lease.expiresAt > expiresAt);
    expect(await outcomeOf(held.release())).toBe('granted');
  },
};
