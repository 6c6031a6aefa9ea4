import { TcpProxy } from '@app/testing';
import { replicable, takeOver } from '../../../../local/services/redis-takeover.js';
import { askRedis, newPassword, startRedisProgram } from '../../../../local/services/redis.js';
import type { Service } from '../../../../local/services/service.js';
import type { Fault } from './outages.js';

/** Where no server is. */
const NOWHERE = ['127.0.0.1', 1] as const;

/** The Redis of the shop, at a fixed address: that of its relays, which lead to the server that is the primary now. */
export class ShopRedis {
  readonly #relays: TcpProxy[] = [];
  readonly #servers: Service[];

  private constructor(
    private readonly password: string,
    first: Service,
  ) {
    this.#servers = [first];
  }

  /** It confirms nothing that it could forget. */
  static async start(): Promise<ShopRedis> {
    const password = newPassword();
    const directives = replicable(password);
    return new ShopRedis(password, await startRedisProgram({ password, fsync: 'always', directives }));
  }

  get url() {
    return this.#primary.url;
  }

  async relay(): Promise<TcpProxy> {
    const relay = await TcpProxy.before(this.url);
    this.#relays.push(relay);
    return relay;
  }

  async stop() {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  readonly killed: Fault = async () => {
    const victim = this.#primary;
    await victim.kill();
    return () => victim.start();
  };

  /** A replica of a primary that is not there, for a while. */
  readonly readOnly: Fault = async () => {
    await askRedis(this.url, (redis) => redis.replicaof(...NOWHERE));
    return () => askRedis(this.url, (redis) => redis.replicaof('NO', 'ONE'));
  };

  readonly scriptsFlushed: Fault = async () => {
    await askRedis(this.url, (redis) => redis.script('FLUSH'));
    return async () => undefined;
  };

  /** Another server takes over; the old one ends the connections of its clients. */
  readonly failedOver: Fault = async () => {
    const old = await this.#moveOn();
    await askRedis(old.url, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal'));
    await askRedis(old.url, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
    return async () => undefined;
  };

  /** Another server takes over; whoever is connected to the old one stays connected to what is a replica now. */
  readonly demoted: Fault = async () => {
    await this.#moveOn();
    return async () => undefined;
  };

  get #primary() {
    return this.#servers.at(-1)!;
  }

  /** Returns the server that was the primary. */
  async #moveOn(): Promise<Service> {
    const old = this.#primary;
    const next = await takeOver(old, this.password);
    this.#servers.push(next);
    const { hostname, port } = new URL(next.url);
    for (const relay of this.#relays) relay.leadTo(hostname, Number(port));
    return old;
  }
}
