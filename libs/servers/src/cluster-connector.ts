import type { Redis, RedisOptions } from 'ioredis';
import { PrimaryConnector, type Address, type Informants } from './primary-connector.js';

type SlotRange = readonly [
  first: number,
  last: number,
  primary: readonly [host: string | null, port: number],
];

/** The nodes of a Redis Cluster, and the slot whose primary is wanted; absent: whichever primary. */
export interface ClusterSlot {
  readonly nodes: readonly Address[];
  readonly slot?: number;
}

/**
 * A kind of connector that asks the nodes for the primary of one slot. To its client a shard is one Redis, which moves at a failover:
 * so it has pipelines, WAIT, blocking commands and subscriptions, and the time that a request may take, all as with one server. The
 * `Cluster` of ioredis is many clients that retry for one another.
 */
export function clusterConnector({ nodes, slot }: ClusterSlot, options: RedisOptions) {
  return class ClusterConnector extends PrimaryConnector {
    protected override readonly informants: Informants = {
      servers: nodes,
      options,
      ask: (node, its) => primaryOf(slot, node, its),
      complaint: `no node tells which one serves ${slot === undefined ? 'the cluster' : `slot ${slot}`}`,
      tls: options.tls,
    };

    /** @param of the client */
    constructor(of: unknown) {
      super((of as RedisOptions).disconnectTimeout!);
    }
  };
}

async function primaryOf(slot: number | undefined, node: Redis, its: Address): Promise<Address> {
  const ranges = (await node.cluster('SLOTS')) as unknown as readonly SlotRange[];
  const range =
    slot === undefined
      ? ranges[Math.floor(Math.random() * ranges.length)]
      : ranges.find(([first, last]) => first <= slot && slot <= last);
  if (!range) throw new Error('knows nobody that does');
  const [host, port] = range[2];
  // A node that does not know its own address leaves it out, or says '?'.
  return { host: host === null || host === '' || host === '?' ? its.host : host, port };
}
