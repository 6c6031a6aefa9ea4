import { connect, type Socket } from 'node:net';
import { expect, vi } from 'vitest';

/** Somebody with a connection of its own, who sends just what it is told to and never closes. */
export class RawClient {
  readonly #socket: Socket;
  #dripping: NodeJS.Timeout | undefined;
  text = '';
  /** The server has said its last word. */
  ended = false;
  /** The connection is gone. */
  closed = false;

  private constructor(url: string, sends: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.#socket.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk));
    this.#socket.on('error', () => undefined).on('end', () => (this.ended = true));
    this.#socket.on('close', () => (this.closed = true));
    if (sends) this.#socket.write(sends);
  }

  static sends(url: string, text: string): RawClient {
    return new RawClient(url, text);
  }

  async hears(text: string) {
    await vi.waitFor(() => expect(this.text).toContain(text), { timeout: 5_000, interval: 20 });
  }

  /** Goes on to send one more of these every tenth of a second. */
  drips(text: string): this {
    this.#dripping = setInterval(() => this.#socket.write(text), 100);
    return this;
  }

  /** Takes nothing that is sent from now on. */
  stopsReading(): this {
    this.#socket.pause();
    return this;
  }

  leave() {
    clearInterval(this.#dripping);
    this.#socket.destroy();
  }
}

export const head = (line: string, ...more: string[]) =>
  [`${line} HTTP/1.1`, 'Host: x', ...more].join('\r\n');
export const LIVE = `${head('GET /health/live')}\r\n\r\n`;
export const JSON_BODY = ['Content-Type: application/json', 'Content-Length: 100'];
