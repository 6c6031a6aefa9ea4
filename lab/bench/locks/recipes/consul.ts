import Consul from 'consul';
import type { Locker, Subject } from '../locker.js';

/** What the types of the client library (2.0.1) leave out. */
type Get = (options: { key: string; index?: string; wait?: string }) => Promise<Item | undefined>;
interface Item {
  readonly ModifyIndex: number;
  /** The session that has the key. */
  readonly Session?: string;
}

/** Consul takes no shorter TTL than this, in seconds. */
const LEAST_TTL = 10;

/**
 * A key that a session acquires; whoever is refused waits with a blocking query until the key changes. A session per caller,
 * since a session may acquire again what it has. https://developer.hashicorp.com/consul/docs/dynamic-app-config/sessions
 */
export async function openConsulRecipe({ servers, resource, ttl }: Subject): Promise<Locker> {
  const { hostname, port } = new URL(servers.consul!);
  const consul = new Consul({ host: hostname, port: Number(port) });
  const get = consul.kv.get.bind(consul.kv) as unknown as Get;
  const seconds = Math.max(LEAST_TTL, Math.ceil(ttl / 1_000));
  const sessions: string[] = [];
  const idle: string[] = [];
  const heartbeat = setInterval(() => {
    for (const id of sessions) consul.session.renew(id).catch(() => undefined);
  }, seconds * 500);
  const openSession = async () => {
    const { ID } = await consul.session.create({ ttl: `${seconds}s` });
    sessions.push(ID);
    return ID;
  };
  const key = `bench/${resource}`;
  return {
    run: async (work) => {
      const session = idle.pop() ?? (await openSession());
      while (!(await consul.kv.set({ key, value: '', acquire: session }))) {
        const held = await get({ key });
        if (held?.Session) await get({ key, index: String(held.ModifyIndex), wait: '10s' });
      }
      await work();
      await consul.kv.set({ key, value: '', release: session });
      idle.push(session);
    },
    close: async () => {
      clearInterval(heartbeat);
      await Promise.all(sessions.map((id) => consul.session.destroy(id)));
    },
  };
}
