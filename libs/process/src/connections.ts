import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long the rest of a request that is half here may take at the end, in milliseconds. */
const LATE_MS = 2_000;

/**
 * The connections of an HTTP server, and the requests on them. Node's own `close` ends those that are idle at that moment, and
 * waits for ever for those that never send a whole request.
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

  /** To be called when the server closes: leaves only the connections with a whole request, until it is answered. */
  end(): void {
    this.#ending = true;
    setTimeout(() => {
      for (const [socket, requests] of this.#requests) {
        if (![...requests].some(({ complete }) => complete)) socket.destroy();
      }
    }, LATE_MS).unref();
  }
}
