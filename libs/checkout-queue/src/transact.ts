import type { IRedisClient, IRedisTransaction } from 'bullmq';
import type { ChainableCommander } from 'ioredis';

/** One of ioredis, with the command that begins a transaction. */
type Pipeline = IRedisTransaction & ChainableCommander & { multi(): unknown };

/** In milliseconds: how long replicas may take to say that they have a transaction. */
const REPLICAS_MS = 500;

interface Transacted {
  /** What its commands came to. */
  readonly results: readonly unknown[];
  /** How many replicas are known to have it. */
  readonly replicas: number;
}

/**
 * Runs a transaction, and waits until so many replicas have it: in one round trip. Both are in one pipeline, which the client never sends
 * again in part: on a new connection WAIT would count the replicas that have whatever another server wrote.
 *
 * @throws what Redis says of the first command that failed
 */
export async function transact(
  client: IRedisClient,
  leastReplicas: number,
  fill: (transaction: IRedisTransaction) => void,
): Promise<Transacted> {
  const pipeline = client.pipeline() as Pipeline;
  pipeline.multi();
  fill(pipeline);
  void pipeline.exec(); // the command
  if (leastReplicas > 0) pipeline.wait(leastReplicas, REPLICAS_MS);
  const replies = (await pipeline.exec()) as [error: Error | null, reply: unknown][];
  for (const [error] of replies) if (error) throw error;
  const replicas = leastReplicas > 0 ? (replies.pop()![1] as number) : 0;
  const results = replies.at(-1)![1] as unknown[];
  for (const result of results) if (result instanceof Error) throw result;
  return { results, replicas };
}
