import cassandra from 'cassandra-driver';
import Consul from 'consul';
import { Etcd3 } from 'etcd3';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { once } from 'node:events';
import { createClient } from 'node-zookeeper-client';
import pg from 'pg';
import type { Backend, Servers } from '../../servers.js';

/** The least that can be asked of a store and answered; nothing is written. */
type RoundTrip = () => Promise<unknown>;

const ROUND_TRIPS: Record<Backend, (servers: Required<Servers>) => Promise<RoundTrip>> = {
  redis: async ({ redis }) => {
    const connection = new Redis(redis);
    return () => connection.ping();
  },
  redlock: async ({ redlock }) => {
    const connections = redlock.split(',').map((url) => new Redis(url));
    return () => Promise.all(connections.map((connection) => connection.ping()));
  },
  postgres: async ({ postgres }) => {
    const connection = new pg.Client(postgres);
    await connection.connect();
    return () => connection.query('SELECT 1');
  },
  mysql: async ({ mysql }) => {
    const connection = await createConnection(mysql);
    return () => connection.ping();
  },
  etcd: async ({ etcd }) => {
    const client = new Etcd3({ hosts: etcd.split(',') });
    return () => client.get('bench').exec();
  },
  zookeeper: async ({ zookeeper }) => {
    const client = createClient(zookeeper);
    client.connect();
    await once(client, 'connected');
    return () => new Promise((answered) => client.exists('/', answered));
  },
  consul: async ({ consul }) => {
    const { hostname, port } = new URL(consul);
    const client = new Consul({ host: hostname, port: Number(port) });
    return () => client.kv.get('bench');
  },
  cassandra: async ({ cassandra: hosts }) => {
    const loadBalancing = new cassandra.policies.loadBalancing.RoundRobinPolicy();
    const client = new cassandra.Client({ contactPoints: hosts.split(','), policies: { loadBalancing } });
    return () => client.execute('SELECT key FROM system.local', [], { prepare: true });
  },
};

/** Connections last as long as the process. */
export const openRoundTrip = (backend: Backend, servers: Servers): Promise<RoundTrip> =>
  ROUND_TRIPS[backend](servers as Required<Servers>);
