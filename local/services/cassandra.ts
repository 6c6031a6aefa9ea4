import cassandra from 'cassandra-driver';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onFreePorts } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import { provideCassandra, provideCassandraJars } from '../setup/cassandra.js';
import type { Jars } from '../setup/zookeeper.js';
import {
  dataDirectory,
  external,
  nextName,
  startServer,
  startTogether,
  type Server,
  type Service,
} from './service.js';

/** One command is given up after this, in milliseconds. */
const answerMs = 5_000;

/** A private, empty Cassandra of one node; or the cluster CASSANDRA_CONTACT_POINTS names. */
export async function startCassandra(): Promise<Service> {
  const provider = await provideCassandra();
  if ('url' in provider) return external('CASSANDRA_CONTACT_POINTS', provider.url, isServing(1));
  return onFreePorts(2, async (port, peerPort) => {
    const node = { address: '127.0.0.1', port, peerPort };
    if ('image' in provider) return startServer(container(provider.image, node));
    return startServer(await server(provider, node));
  });
}

/** A private, empty cluster of three nodes, each of which has all data, whatever the environment names. */
export async function startCassandraCluster(): Promise<Service[]> {
  const jars = await provideCassandraJars();
  return onFreePorts(2, async (port, peerPort) => {
    const nodes = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => ({ address, port, peerPort }));
    return startTogether(await Promise.all(nodes.map((node) => server(jars, node, nodes))));
  });
}

/** The ports are the same for all nodes of a cluster. */
interface Node {
  address: string;
  port: number;
  peerPort: number;
}

async function server(jars: Jars, node: Node, cluster: readonly Node[] = [node]): Promise<Server> {
  const name = nextName('cassandra');
  const directory = await dataDirectory(name);
  await writeFile(join(directory, 'cassandra.yaml'), JSON.stringify(config(directory, node, cluster)));
  await writeFile(join(directory, 'logback.xml'), logback);
  return {
    name,
    url: `${node.address}:${node.port}`,
    command: javaCommand(jars, directory),
    isReady: isServing(cluster.length),
    data: join(directory, 'data'),
  };
}

/** JSON is YAML. */
const config = (directory: string, { address, port, peerPort }: Node, cluster: readonly Node[]) => ({
  cluster_name: 'flash-sale',
  partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
  num_tokens: 1,
  initial_token: cluster.findIndex((node) => node.address === address),
  auto_bootstrap: false, // an empty cluster has nothing to hand over
  endpoint_snitch: 'SimpleSnitch',
  seed_provider: [
    {
      class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
      parameters: [{ seeds: cluster.map((node) => `${node.address}:${node.peerPort}`).join(',') }],
    },
  ],
  listen_address: address,
  storage_port: peerPort,
  rpc_address: address,
  native_transport_port: port,
  data_file_directories: [join(directory, 'data', 'data')],
  commitlog_directory: join(directory, 'data', 'commitlog'),
  saved_caches_directory: join(directory, 'data', 'caches'),
  hints_directory: join(directory, 'data', 'hints'),
  cdc_raw_directory: join(directory, 'data', 'cdc'),
  commitlog_sync: 'batch', // on disk before it is answered
  commitlog_segment_size: '4MiB',
  auto_snapshot: false,
  paxos_variant: 'v2',
});

const logback = `
<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %p %logger{0} %m%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="console"/></root>
</configuration>
`;

/** Small, and soon there: compiled once, no thorough compiler, no wait for nodes that there are not. */
const options = [
  '-Xms256m',
  '-Xmx512m',
  '-Xss512k',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
];
const properties = {
  'cassandra.skip_wait_for_gossip_to_settle': 0,
  'cassandra.ring_delay_ms': 0,
  'cassandra.shutdown_announce_in_ms': 0,
  'cassandra.superuser_setup_delay_ms': 0,
  'cassandra.memtable.row_overhead_size': 181, // measured by itself at each start, for seconds
  'jdk.attach.allowAttachSelf': true,
};
/** What it reaches into, and Java 17 keeps to itself. */
const exported = words(`
  java.base/jdk.internal.misc java.base/jdk.internal.ref java.base/sun.nio.ch
  java.management.rmi/com.sun.jmx.remote.internal.rmi
  java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.sql/java.sql`);
const opened = words(`
  java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.lang.reflect
  java.base/java.math java.base/java.net java.base/java.nio
  java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic
  java.base/jdk.internal.loader java.base/jdk.internal.math java.base/jdk.internal.module
  java.base/jdk.internal.ref java.base/jdk.internal.reflect java.base/jdk.internal.util.jar
  java.base/sun.nio.ch jdk.management/com.sun.management.internal`);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function javaCommand({ java, classpath }: Jars, directory: string): Command {
  const files = {
    'cassandra.config': `file://${join(directory, 'cassandra.yaml')}`,
    'cassandra.storagedir': join(directory, 'data'),
    'logback.configurationFile': join(directory, 'logback.xml'),
  };
  const args = [
    ...options,
    ...exported.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
    ...opened.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    ...Object.entries({ ...properties, ...files }).map(([name, value]) => `-D${name}=${value}`),
  ];
  return { file: java, args: [...args, '-cp', classpath, 'org.apache.cassandra.service.CassandraDaemon'] };
}

function container(image: string, { address, port }: Node): Server {
  const variables = {
    MAX_HEAP_SIZE: '512M',
    HEAP_NEWSIZE: '128M',
    JVM_EXTRA_OPTS: '-Dcassandra.config.allow_system_properties=true -Dcassandra.settings.paxos_variant=v2',
  };
  const env = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const url = `${address}:${port}`;
  const args = ['run', '--rm', '--publish', `${url}:9042`, ...env, image];
  return { name: nextName('cassandra'), url, command: { file: 'docker', args }, isReady: isServing(1) };
}

/** Whether this node serves. False of one that does not answer. */
export const isCassandraServing = (address: string): Promise<boolean> =>
  isServing(1)(address).catch(() => false);

/** Whether a node answers, and has heard of so many nodes, itself included. */
const isServing =
  (nodes: number) =>
  async (hosts: string): Promise<boolean> => {
    const peers = await onCassandra(hosts, 'SELECT peer FROM system.peers');
    return peers.length + 1 >= nodes;
  };

/** Tells the connections of {@link onCassandra} from others. */
export const OBSERVER = 'observer';

/** What one statement answers. */
export async function onCassandra(hosts: string, statement: string): Promise<cassandra.types.Row[]> {
  const client = new cassandra.Client({
    applicationName: OBSERVER,
    contactPoints: hosts.slice(hosts.indexOf('@') + 1).split(','),
    isMetadataSyncEnabled: false,
    policies: {
      loadBalancing: new cassandra.policies.loadBalancing.RoundRobinPolicy(),
      reconnection: new cassandra.policies.reconnection.ConstantReconnectionPolicy(200),
    },
    socketOptions: { connectTimeout: answerMs, readTimeout: answerMs },
  });
  try {
    return (await client.execute(statement)).rows;
  } finally {
    await client.shutdown();
  }
}
