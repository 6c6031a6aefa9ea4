import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** In milliseconds: how long the rest of a half-sent request may take at the end. */
const LATE_MS = 2_000;

/**
 * The connections of an HTTP server, and their requests. Node's own `close` ends only those that are idle at that moment, and
 * waits for ever for one that never sends a whole request.
 */
export class Connections {
  readonly #requests = new Map<Socket, Set<IncomingMessage>>();
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
      response.once('close', () => {
        requests?.delete(request);
        if (this.#ending && requests?.size === 0) socket.destroySoon();
      });
    });
  }

  /** Call it when the server closes. It keeps only connections with a whole request, until that is answered. */
  end(): void {
    this.#ending = true;
    setTimeout(() => {
      for (const [socket, requests] of this.#requests) {
        if (![...requests].some(({ complete }) => complete)) socket.destroy();
      }
    }, LATE_MS).unref();
  }
}
