import { Cluster, type Redis, type RedisOptions } from 'ioredis';

/** How long, in milliseconds, a server may leave a question unanswered before it, and its connection, count as lost. */
const SILENCE_MS = 2_000;

/** Whether a server says that it is no master any more; older ones tell of a script's trouble in the middle of the reply. */
export const isReplica = ({ message }: Error) => /\b(READONLY|MASTERDOWN|UNBLOCKED|MOVED) /.test(message);

/** One that has lost its replicas, or its cluster, may have been cut off, while they have another master. */
const isAlone = ({ message }: Error) => /\b(NOREPLICAS|CLUSTERDOWN) /.test(message);

/** Lua scripts by the name of the command they become; sent by their hash, and loaded where the server has lost them. */
type Scripts = Record<string, { readonly lua: string; readonly numberOfKeys: number }>;

/** A connection of a driver's own to where `connection` leads. Each of its commands tells of its own failure, in seconds. */
export function ownConnection<C extends object>(
  connection: Redis | Cluster,
  scripts: Scripts,
  overrides: RedisOptions = {},
): (Redis | Cluster) & C {
  const options: RedisOptions = {
    connectTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    // Also for what was under way when the connection broke: the client would forget it.
    commandTimeout: SILENCE_MS,
    // While the server is away, a question waits for the second reconnect at most.
    maxRetriesPerRequest: 1,
    // What was asked on a connection that broke may have been done: only the driver knows whether it can be asked again.
    autoResendUnfulfilledCommands: false,
    // A server that became a replica answers for ever that it cannot write: behind the same name there may be a master by now.
    reconnectOnError: (error) => isReplica(error) || isAlone(error),
    // The client would subscribe once, tell nobody that it failed, and never again.
    autoResubscribe: false,
    ...overrides,
  };
  const own =
    connection instanceof Cluster
      ? connection.duplicate([], {
          scripts,
          redisOptions: { ...connection.options.redisOptions, ...options },
        })
      : connection.duplicate({ scripts, ...options });
  return own.on('error', () => undefined) as (Redis | Cluster) & C;
}
