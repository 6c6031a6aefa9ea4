import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ProblemCode } from './problem-codes.js';
import { ProblemError } from './problem.js';

/** Errors of Node's HTTP parser, by their code. */
const BY_CODE: Readonly<Record<string, [ProblemCode, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'Send less than 16 KiB of headers.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'Send the whole request at once.'],
};

/** In milliseconds: how long a client may take to read the answer before it loses the connection. */
const LINGER_MS = 1_000;

/** Where Node keeps the answer that it is about to send on a socket. */
const ANSWER = '_httpMessage';
type Answering = Socket & { readonly [ANSWER]?: ServerResponse };

/** Answers on the socket itself what is not valid HTTP, or does not arrive in time. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Answering): void {
  const isAnswering = !socket.writable || socket[ANSWER]?.headersSent;
  if (error.code === 'ECONNRESET' || isAnswering) return void socket.destroy(error);
  const known = BY_CODE[String(error.code)] ?? ['MALFORMED_REQUEST', 'Send HTTP/1.1.'];
  const problem = new ProblemError(...known);
  const body = problem.toJson();
  const head = [
    `HTTP/1.1 ${problem.status} ${known[0]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
