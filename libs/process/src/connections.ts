import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** In milliseconds: how long at the end the rest of a half-sent request may take, and a client that takes nothing of its answer. */
const LATE_MS = 2_000;

/**
 * The connections of an HTTP server, and their requests. Node's own `close` ends only those that are idle at that moment, and
 * waits for ever for one that never sends a whole request, or never takes the answer.
 */
export class Connections {
  readonly #requests = new Map<Socket, Set<IncomingMessage>>();
  /** Bytes that a client had not taken at the last look. */
  readonly #untaken = new WeakMap<Socket, number>();
  #draining = false;
  #ending = false;

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#requests.set(socket, new Set());
      socket.once('close', () => this.#requests.delete(socket));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const requests = this.#requests.get(socket);
      requests?.add(request);
      if (this.#draining) response.shouldKeepAlive = false;
      response.once('close', () => {
        requests?.delete(request);
        if (this.#ending && requests?.size === 0) socket.destroySoon();
      });
    });
  }

  /** From now on each answer says that its connection closes: a load balancer then sends no further request on it. */
  drain(): void {
    this.#draining = true;
  }

  /** Call it when the server closes. It keeps only connections with a whole request, until the answer is taken. */
  end(): void {
    this.#ending = true;
    setInterval(() => this.#endStuck(), LATE_MS).unref();
  }

  #endStuck() {
    for (const [socket, requests] of this.#requests) {
      const asksNothing = ![...requests].some(({ complete }) => complete);
      const { writableLength: untaken } = socket;
      if (asksNothing || (untaken > 0 && untaken >= this.#untaken.get(socket)!)) socket.destroy();
      this.#untaken.set(socket, untaken);
    }
  }
}
