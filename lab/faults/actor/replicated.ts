import type { Redis } from 'ioredis';

/** How long the replicas may take, in milliseconds. */
const PATIENCE_MS = 1_000;

class NotReplicatedError extends Error {
  override readonly name = 'NotReplicatedError';
}

/**
 * Resolves once so many replicas have everything that the primary had done before this was asked: a later write follows
 * the earlier ones, whoever's they are.
 *
 * @throws {NotReplicatedError} they do not have it in time
 */
export async function replicated(redis: Redis, replicas: number): Promise<void> {
  await redis.set('lab:replicated', '');
  const acknowledged = await redis.wait(replicas, PATIENCE_MS);
  if (acknowledged < replicas)
    throw new NotReplicatedError(`${acknowledged} of ${replicas} replicas have the grant`);
}
