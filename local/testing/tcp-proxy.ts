import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Piece {
  readonly due: number;
  /** Absent: the sender closed. */
  readonly chunk?: Buffer;
}

/** One direction of a connection. Pieces that cannot pass now pass later, in order, as TCP would send them again. */
class Lane {
  readonly #pieces: Piece[] = [];
  #timer: NodeJS.Timeout | undefined;
  #forgotten = false;

  constructor(
    from: Socket,
    private readonly to: Socket,
    private readonly link: () => { open: boolean; delayMs: number },
    sent: () => void,
  ) {
    const add = (chunk?: Buffer) => {
      if (this.#forgotten) return;
      this.#pieces.push({ due: performance.now() + link().delayMs, chunk });
      this.pump();
    };
    from.on('data', (chunk: Buffer) => {
      sent();
      add(chunk);
    });
    from.on('error', () => undefined).on('close', () => add());
  }

  /** Loses all pieces, those under way and those that come. */
  forget() {
    this.#forgotten = true;
    this.#pieces.length = 0;
  }

  readonly pump = () => {
    clearTimeout(this.#timer);
    while (this.link().open && this.#pieces.length > 0) {
      const { due, chunk } = this.#pieces[0]!;
      const left = due - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(this.pump, left);
        return;
      }
      this.#pieces.shift();
      if (chunk) this.to.write(chunk);
      else this.to.destroy();
    }
  };
}

/** A TCP relay on loopback whose link a test breaks, silences or slows down. */
export class TcpProxy {
  readonly #lanes = new Set<Lane>();
  readonly #sockets = new Set<Socket>();
  /** Open connections that are not forgotten: the client's socket, and both lanes. */
  readonly #links = new Map<Socket, readonly Lane[]>();
  #refuses = false;
  #requestsPass = true;
  #answersPass = true;
  #delayMs = 0;
  /** Pieces that clients have sent so far. */
  requests = 0;
  /** Connections that were refused so far. */
  refused = 0;

  private constructor(
    private readonly server: Server,
    private target: { host: string; port: number },
  ) {
    server.on('connection', (client) => this.#accept(client));
  }

  static async to(host: string, port: number): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, { host, port });
  }

  /** A relay to the server of this URL. */
  static before(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    return TcpProxy.to(hostname, Number(port));
  }

  /** The URL of a server, by way of this relay. */
  leadingTo(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.port) }).href;
  }

  get port() {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections are open and not forgotten. */
  get links() {
    return this.#links.size;
  }

  /** New connections reach this server; those that are open stay where they are. */
  leadTo(host: string, port: number) {
    this.target = { host, port };
  }

  /**
   * Lets nothing pass on the open connections any more, even after `heal`, and tells nobody, as a gateway does that lost its
   * table. New connections work. Resolves once the clients have left the old ones.
   */
  async forget(): Promise<void> {
    const clients = [...this.#links.keys()];
    for (const lane of [...this.#links.values()].flat()) lane.forget();
    this.#links.clear();
    // `once` of node:events would reject for a client that resets its connection.
    await Promise.all(clients.map((client) => new Promise((left) => void client.once('close', left))));
  }

  /** Resets every connection on both sides, and new ones too. Pieces under way are lost. */
  cut() {
    this.#refuses = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#lanes.clear();
  }

  /** Lets nothing pass. Connections stay open, and new ones open. */
  blackhole() {
    this.#requestsPass = this.#answersPass = false;
  }

  /** Requests reach the server; no answer comes back. */
  holdAnswers() {
    this.#answersPass = false;
  }

  /** Delays every piece by so much, each way. */
  delay(ms: number) {
    this.#delayMs = ms;
  }

  heal() {
    this.#refuses = false;
    this.#requestsPass = this.#answersPass = true;
    this.#delayMs = 0;
    for (const lane of this.#lanes) lane.pump();
  }

  async close() {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  #accept(client: Socket) {
    if (this.#refuses) {
      this.refused++;
      return client.on('error', () => undefined).resetAndDestroy();
    }
    const server = connect({ ...this.target, noDelay: true });
    client.setNoDelay();
    const link = (open: () => boolean) => () => ({ open: open(), delayMs: this.#delayMs });
    const lanes = [
      new Lane(
        client,
        server,
        link(() => this.#requestsPass),
        () => void this.requests++,
      ),
      new Lane(
        server,
        client,
        link(() => this.#answersPass),
        () => undefined,
      ),
    ];
    for (const lane of lanes) this.#lanes.add(lane);
    this.#links.set(client, lanes);
    client.on('close', () => this.#links.delete(client));
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    return client;
  }
}
