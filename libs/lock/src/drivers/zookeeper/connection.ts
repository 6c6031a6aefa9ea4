import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createClient, State, type Client } from 'node-zookeeper-client';

/** Upper bound of the random pause after all servers were tried in vain, in milliseconds. */
const RECONNECT_PAUSE_MS = 200;
/** How long a server may take to let the session in, in milliseconds. One that is just starting may never answer. */
const CONNECT_MS = 2_000;
/** How long a server may take to confirm the end of a session, in milliseconds. */
const GOODBYE_MS = 1_000;

/** What the client library (1.1.3) keeps to itself, and here has to be reached. */
interface Internals {
  socket?: Socket;
  connectTimeoutHandler?: NodeJS.Timeout;
  pendingBuffer: Buffer | null;
  findNextServer(connect: (server: unknown) => void): void;
  onSocketData(data: Buffer): void;
}

/**
 * The client library with its gaps closed:
 * - It waits for ever for a server that accepts and then says nothing.
 * - It reconnects when it should end.
 * - It takes the rest of a cut frame for the beginning of the next one.
 * - A newer error code makes it throw out of a socket event.
 */
export class Connection {
  readonly client: Client;
  readonly #internals: Internals;
  #impatience: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param onGarbage told what the client could not make sense of; it hears no answer from then on */
  constructor(servers: string, sessionTimeout: number, onGarbage: (error: Error) => void) {
    const [hosts, identity] = servers.split('@').toReversed() as [string, string?];
    this.client = createClient(hosts, { sessionTimeout, spinDelay: RECONNECT_PAUSE_MS });
    if (identity) this.client.addAuthInfo('digest', Buffer.from(identity));
    const internals = (this.client as unknown as { connectionManager: Internals }).connectionManager;
    const findNextServer = internals.findNextServer.bind(internals);
    const onSocketData = internals.onSocketData.bind(internals);
    internals.findNextServer = (connect) => {
      internals.pendingBuffer = null;
      findNextServer((server) => {
        if (this.#stopped) return;
        connect(server);
        clearTimeout(this.#impatience);
        this.#impatience = setTimeout(() => this.cut(), CONNECT_MS);
      });
    };
    internals.onSocketData = (data) => {
      try {
        onSocketData(data);
      } catch (error) {
        onGarbage(error as Error);
      }
    };
    this.client.on('state', () => clearTimeout(this.#impatience));
    this.#internals = internals;
  }

  /** Drops a connection that has gone silent, which the library never notices; it then tries the next server. */
  cut() {
    this.#internals.socket?.destroy();
  }

  /** Ends the session, where a server can be told, and the connection. */
  async stop() {
    this.#stopped = true;
    const { socket, connectTimeoutHandler } = this.#internals;
    clearTimeout(connectTimeoutHandler);
    clearTimeout(this.#impatience);
    if (socket && this.client.getState() === State.SYNC_CONNECTED) {
      this.client.close();
      await once(socket, 'close', { signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => undefined);
    }
    socket?.destroy();
  }
}
