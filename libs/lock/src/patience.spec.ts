import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LockAbortedError, LockBackendUnavailableError, LockWaitTimeoutError } from './errors.js';
import { Patience } from './patience.js';

const reasonOf = async ({ signal }: Patience) => {
  if (!signal.aborted) await once(signal, 'abort');
  return signal.reason as unknown;
};

it('lets a caller who does not wait hear whether the lock is free, and ends the wait once it is not', async () => {
  const patience = new Patience('r', { ttl: 1_000, wait: 0 });
  const reason = reasonOf(patience);
  await sleep(20);
  expect(patience.signal.aborted).toBe(false);
  patience.contended();
  expect(await reason).toBeInstanceOf(LockWaitTimeoutError);
});

it('blames a store that has not answered, not a holder, and does not wait for it longer than a few seconds', async () => {
  const reason = await reasonOf(new Patience('r', { ttl: 1_000, wait: 0 }));
  expect(reason).toBeInstanceOf(LockBackendUnavailableError);
});

it('counts what the store took to answer as part of the wait', async () => {
  const patience = new Patience('r', { ttl: 1_000, wait: 30 });
  await sleep(40);
  patience.contended();
  expect(await reasonOf(patience)).toBeInstanceOf(LockWaitTimeoutError);
});

it('hears the caller at once, whatever the store has said', async () => {
  const caller = new AbortController();
  const patience = new Patience('r', { ttl: 1_000, wait: 60_000, signal: caller.signal });
  const reason = reasonOf(patience);
  caller.abort();
  expect(await reason).toBeInstanceOf(LockAbortedError);
  patience.end();
});
