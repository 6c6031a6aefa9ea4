import Consul from 'consul';
import type { Open } from '../adapter.js';
import { retry } from './retry.js';

/** Consul takes no shorter TTL than this, in seconds. */
const LEAST_TTL = 10;

/**
 * The client has no `lock()` any more: `session.create`, `kv.set` with `acquire` and `release`, and `session.renew` at half of the TTL.
 * https://developer.hashicorp.com/consul/docs/dynamic-app-config/sessions
 */
export const openConsul: Open = (url) => {
  const { hostname: host, port } = new URL(url);
  const consul = new Consul({ host, port: Number(port) });
  return {
    acquire: async (key, { ttl, wait }) => {
      const seconds = Math.max(LEAST_TTL, Math.ceil(ttl / 1_000));
      const { ID: session } = await consul.session.create({ ttl: `${seconds}s` });
      const lost = new AbortController();
      const renewal = setInterval(() => {
        consul.session.renew(session).catch((error: unknown) => lost.abort(error));
      }, seconds * 500);
      const end = async () => {
        clearInterval(renewal);
        await consul.session.destroy(session);
      };
      try {
        await retry(
          wait,
          async () => (await consul.kv.set({ key, value: '', acquire: session })) || undefined,
        );
      } catch (error) {
        await end();
        throw error;
      }
      return {
        lost: lost.signal,
        release: async () => {
          const wasOurs: boolean | undefined = await consul.kv.set({ key, value: '', release: session });
          await end();
          return wasOurs ?? false;
        },
      };
    },
  };
};
