import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { TcpProxy } from './tcp-proxy.js';

/** A channel of Redis whose subscriber comes by way of a relay. */
export class RelayedChannel {
  /** Is part of the channel's name. */
  readonly name = randomUUID();
  readonly #direct: Redis;

  private constructor(
    private readonly redisUrl: string,
    readonly relay: TcpProxy,
  ) {
    this.#direct = new Redis(redisUrl);
  }

  static async of(redisUrl: string): Promise<RelayedChannel> {
    return new RelayedChannel(redisUrl, await TcpProxy.before(redisUrl));
  }

  get url() {
    return this.relay.leadingTo(this.redisUrl);
  }

  /** Whether Redis knows somebody who listens. */
  readonly listened = async () =>
    ((await this.#direct.pubsub('CHANNELS', `*${this.name}*`)) as string[]).length > 0;

  /** Nobody listens until the relay heals; the first connection from then on gets no answer either. */
  lose(subscriber: Redis) {
    subscriber.once('ready', () => void this.relay.forget());
    this.relay.cut();
  }

  async close() {
    this.#direct.disconnect();
    await this.relay.close();
  }
}
