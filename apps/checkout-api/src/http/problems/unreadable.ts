import type { Socket } from 'node:net';
import type { ProblemCode } from './problem-codes.js';
import { ProblemError } from './problem.js';

/** Errors of Node's HTTP parser, by their code. */
const BY_CODE: Readonly<Record<string, [ProblemCode, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'Send less than 16 KiB of headers.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'Send the whole request at once.'],
};

/** Answers on the socket itself what is not valid HTTP. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy(error);
  const known = BY_CODE[String(error.code)] ?? ['MALFORMED_REQUEST', 'Send HTTP/1.1.'];
  const problem = new ProblemError(...known);
  const body = problem.toJson();
  const head = [
    `HTTP/1.1 ${problem.status} ${known[0]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
