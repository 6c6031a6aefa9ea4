import { Cluster, type Redis, type RedisOptions } from 'ioredis';
import { scripts, type LockCommands } from './scripts.js';

/** How long, in milliseconds, a server may leave a question unanswered before its connection counts as broken. */
const SILENCE_MS = 2_000;

const patience: RedisOptions = {
  connectTimeout: SILENCE_MS,
  socketTimeout: SILENCE_MS,
  // While the server is away, a question waits for the second reconnect at most.
  maxRetriesPerRequest: 1,
  // What was asked on a connection that broke is asked again only where that does no harm: see the driver.
  autoResendUnfulfilledCommands: false,
};

/** A connection of the driver's own to where `connection` leads. Its commands tell of its troubles. */
export function commandsOn(connection: Redis | Cluster): (Redis | Cluster) & LockCommands {
  return quiet(duplicate(connection, patience)) as (Redis | Cluster) & LockCommands;
}

/** A connection that listens: that it hears nothing for long does not mean that it is broken. */
export function subscriberOn(connection: Redis | Cluster): Redis | Cluster {
  return quiet(duplicate(connection, { ...patience, socketTimeout: undefined, commandTimeout: SILENCE_MS }));
}

function duplicate(connection: Redis | Cluster, options: RedisOptions): Redis | Cluster {
  return connection instanceof Cluster
    ? connection.duplicate([], { scripts, redisOptions: { ...connection.options.redisOptions, ...options } })
    : connection.duplicate({ scripts, ...options });
}

function quiet(connection: Redis | Cluster): Redis | Cluster {
  return connection.on('error', () => undefined);
}
