import type { Redis, SentinelConnectionOptions } from 'ioredis';
import { PrimaryConnector, type Address, type Informants } from './primary-connector.js';
import { ServerUnusableError } from './server-unusable-error.js';

/**
 * Asks the Sentinels for the primary. That of ioredis ends a connection for good if it is told to reconnect while it asks, as BullMQ and its
 * own `failoverDetector` do, takes a list that it has come to the end of for Sentinels that do not answer, and does not tell what they said.
 */
export class SentinelConnector extends PrimaryConnector {
  protected override readonly informants: Informants;

  /** @param options of the client */
  constructor(options: unknown) {
    const { disconnectTimeout, name, sentinels, sentinelPassword, sentinelTLS, tls, ...rest } =
      options as SentinelConnectionOptions;
    super(disconnectTimeout!);
    this.informants = {
      servers: sentinels as readonly Address[],
      options: { password: sentinelPassword, tls: sentinelTLS },
      ask: (sentinel) => primaryOf(name!, sentinel),
      complaint: `no Sentinel tells which server is the primary of ${name}`,
      tls: rest.enableTLSForSentinelMode ? tls : undefined,
    };
  }
}

async function primaryOf(name: string, sentinel: Redis): Promise<Address> {
  const address = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as
    [string, string] | null;
  if (address === null) throw new ServerUnusableError(`knows no ${name}`);
  return { host: address[0], port: Number(address[1]) };
}
