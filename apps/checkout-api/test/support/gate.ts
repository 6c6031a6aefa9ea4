import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Stands between the application and a server, and lets a test take the server away: `shut` is a killed server (connections
 * break, new ones are refused), `freeze` a stopped one (connections stay, nothing is answered).
 */
export class Gate {
  readonly #sockets = new Set<Socket>();
  /** Those of them that lead to the server. */
  readonly #answering = new Set<Socket>();
  readonly #target: URL;
  #server: Server;
  #port = 0;
  #frozen = false;

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async before(target: string): Promise<Gate> {
    const gate = new Gate(target);
    await gate.open();
    return gate;
  }

  /** The target's URL, by way of this gate. */
  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(this.#port);
    return url.href;
  }

  async open(): Promise<void> {
    this.#server = createServer((client) => this.#pass(client)).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async shut(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** The server hears and nobody hears it. Connections made meanwhile are not affected. */
  freezeAnswers(): void {
    for (const socket of this.#answering) socket.pause();
  }

  thaw(): void {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  #pass(client: Socket) {
    const port = Number(this.#target.port || (this.#target.protocol === 'redis:' ? 6379 : 5432));
    const server = connect(port, this.#target.hostname);
    this.#answering.add(server);
    server.once('close', () => this.#answering.delete(server));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => undefined); // its end tells
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#frozen) from.pause();
    }
  }
}
