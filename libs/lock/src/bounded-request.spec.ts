import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { BoundedRequest } from './bounded-request.js';
import { LockAbortedError, LockBackendUnavailableError, LockWaitTimeoutError } from './errors.js';

const reasonOf = async ({ signal }: BoundedRequest) => {
  if (!signal.aborted) await once(signal, 'abort');
  return signal.reason as unknown;
};

it('lets a caller who does not wait hear whether the lock is free, and ends the wait once it is not', async () => {
  const request = new BoundedRequest('r', { ttl: 1_000, wait: 0 });
  const reason = reasonOf(request);
  await sleep(20);
  expect(request.signal.aborted).toBe(false);
  request.contended();
  expect(await reason).toBeInstanceOf(LockWaitTimeoutError);
});

it('blames a store that has not answered, not a holder, and does not wait for it longer than a few seconds', async () => {
  const reason = await reasonOf(new BoundedRequest('r', { ttl: 1_000, wait: 0 }));
  expect(reason).toBeInstanceOf(LockBackendUnavailableError);
});

it('counts what the store took to answer as part of the wait', async () => {
  const request = new BoundedRequest('r', { ttl: 1_000, wait: 30 });
  await sleep(40);
  request.contended();
  expect(await reasonOf(request)).toBeInstanceOf(LockWaitTimeoutError);
});

it('hears the caller at once, whatever the store has said', async () => {
  const caller = new AbortController();
  const request = new BoundedRequest('r', { ttl: 1_000, wait: 60_000, signal: caller.signal });
  const reason = reasonOf(request);
  caller.abort();
  expect(await reason).toBeInstanceOf(LockAbortedError);
  request.end();
});
