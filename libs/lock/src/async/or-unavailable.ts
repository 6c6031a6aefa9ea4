import { LockBackendUnavailableError } from '../errors.js';

/** @throws {LockBackendUnavailableError} instead of what `asking` rejects with */
export async function orUnavailable<T>(resource: string, asking: Promise<T>): Promise<T> {
  return asking.catch((cause: unknown) => {
    throw new LockBackendUnavailableError(resource, cause);
  });
}
