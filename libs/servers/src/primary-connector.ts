import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import { connect, Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { ServerUnusableError } from './server-unusable-error.js';
import { verdictOf } from './verdict-of.js';

/** In milliseconds: a server that has not answered by then is passed over. */
const ANSWER_MS = 1_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Servers that know where the primary is. */
export interface Informants {
  /** Tried one after the other. */
  readonly servers: readonly Address[];
  /** How to reach one of them. */
  readonly options: RedisOptions;
  /** What they are asked. Rejects if that one does not know. */
  readonly ask: (informant: Redis, its: Address) => Promise<Address>;
  /** The beginning of a sentence, for when none of them answers. */
  readonly complaint: string;
  /** Of the connection to the primary; absent: none. */
  readonly tls?: ConnectionOptions;
}

/**
 * Asks for the primary at each connect, one server after the other, and another one first each time: one that is cut off from the others
 * names the old primary for ever.
 */
export abstract class PrimaryConnector extends AbstractConnector {
  #turn = 0;

  protected abstract readonly informants: Informants;

  /** Whether the server is what was said. One that was demoted is left, and they are asked again. */
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

  #open(primary: Address): Socket {
    const { tls } = this.informants;
    const stream = tls ? connectTls({ ...tls, ...primary }) : connect(primary);
    return stream.once('error', (error) => (this.firstError = error));
  }

  /** @throws {ServerUnusableError} when all of them refuse to tell */
  async #primary(): Promise<Address> {
    const { servers, complaint } = this.informants;
    const first = this.#turn++ % servers.length;
    const refusals: Error[] = [];
    for (let i = 0; i < servers.length; i++) {
      const index = (first + i) % servers.length;
      try {
        return await this.#ask(servers[index]!);
      } catch (error) {
        refusals[index] = error as Error;
      }
    }
    const said = servers.map(({ host, port }, i) => `${host}:${port}: ${refusals[i]!.message}`);
    const message = `${complaint} (${said.join('; ')})`;
    const isDenied = refusals.every((refusal) => verdictOf(refusal) === 'denied');
    throw isDenied ? new ServerUnusableError(message) : new Error(message);
  }

  async #ask(its: Address): Promise<Address> {
    const { options, ask } = this.informants;
    const informant = new Redis({
      ...its,
      ...options,
      connectTimeout: ANSWER_MS,
      commandTimeout: ANSWER_MS,
      disconnectTimeout: 0,
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    // A command's own rejection says only that the connection was lost.
    const lost = new Promise<never>((_, reject) => informant.on('error', reject));
    try {
      return await Promise.race([lost, ask(informant, its)]);
    } finally {
      informant.disconnect();
    }
  }
}
