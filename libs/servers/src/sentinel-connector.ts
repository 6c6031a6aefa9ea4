import { AbstractConnector, Redis, type SentinelConnectionOptions } from 'ioredis';
import { connect, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ServerUnusableError } from './server-unusable-error.js';
import { verdictOf } from './verdict-of.js';

/** In milliseconds: a Sentinel that has not answered by then is passed over. */
const SENTINEL_MS = 1_000;

type Address = NonNullable<SentinelConnectionOptions['sentinels']>[number];

/**
 * Asks the Sentinels for the primary at each connect, one after the other, and another one first each time: one that is cut off from
 * the others names the old primary for ever.
 *
 * That of ioredis ends a connection for good if it is told to reconnect while it asks, as BullMQ and its own `failoverDetector` do, takes
 * a list that it has come to the end of for Sentinels that do not answer, and does not tell what they said.
 */
export class SentinelConnector extends AbstractConnector {
  readonly #options: SentinelConnectionOptions;
  #turn = 0;

  /** @param options of the client */
  constructor(options: unknown) {
    super((options as SentinelConnectionOptions).disconnectTimeout!);
    this.#options = options as SentinelConnectionOptions;
  }

  /** Whether the server is what the Sentinels said. One that was demoted is left, and they are asked again. */
  override check({ role }: { role?: string }): boolean {
    return role === undefined || role === 'master';
  }

  /** What went wrong is told by a socket that is closed already: then the client connects again, as it does to one server. */
  override async connect(): Promise<Socket> {
    this.connecting = true;
    this.firstError = undefined;
    try {
      const primary = await this.#primary();
      // Somebody wanted it closed meanwhile.
      this.stream = this.connecting ? this.#open(primary) : new Socket().destroy();
    } catch (error) {
      this.firstError = error as Error;
      this.stream = new Socket().destroy();
    }
    return this.stream;
  }

  #open(primary: { host: string; port: number }): Socket {
    const { enableTLSForSentinelMode, tls } = this.#options;
    const stream = enableTLSForSentinelMode ? connectTls({ ...tls, ...primary }) : connect(primary);
    return stream.once('error', (error) => (this.firstError = error));
  }

  /** @throws {ServerUnusableError} when all of them refuse to tell */
  async #primary() {
    const { name, sentinels } = this.#options;
    const first = this.#turn++ % sentinels!.length;
    const refusals: Error[] = [];
    for (let i = 0; i < sentinels!.length; i++) {
      const index = (first + i) % sentinels!.length;
      try {
        return await this.#ask(sentinels![index]!);
      } catch (error) {
        refusals[index] = error as Error;
      }
    }
    const said = sentinels!.map(({ host, port }, i) => `${host}:${port}: ${refusals[i]!.message}`);
    const message = `no Sentinel tells which server is the primary of ${name} (${said.join('; ')})`;
    const isDenied = refusals.every((refusal) => verdictOf(refusal) === 'denied');
    throw isDenied ? new ServerUnusableError(message) : new Error(message);
  }

  async #ask({ host, port }: Address): Promise<{ host: string; port: number }> {
    const { name, sentinelPassword, sentinelTLS } = this.#options;
    const sentinel = new Redis({
      host,
      port,
      password: sentinelPassword,
      tls: sentinelTLS,
      connectTimeout: SENTINEL_MS,
      commandTimeout: SENTINEL_MS,
      disconnectTimeout: 0,
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    // A command's own rejection says only that the connection was lost.
    const lost = new Promise<never>((_, reject) => sentinel.on('error', reject));
    try {
      const asked = sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name!);
      const address = (await Promise.race([lost, asked])) as [string, string] | null;
      if (address === null) throw new ServerUnusableError(`knows no ${name}`);
      return { host: address[0], port: Number(address[1]) };
    } finally {
      sentinel.disconnect();
    }
  }
}
