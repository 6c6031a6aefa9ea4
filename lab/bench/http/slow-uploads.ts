import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two bytes of a body, in milliseconds: soon enough for a limit on silence. */
const BYTE_MS = 1_000;

const head = ({ host }: URL) =>
  [
    `POST /sales/${randomUUID()}/checkouts HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/json',
    'Content-Length: 10000',
    'Idempotency-Key: slow',
    'X-Forwarded-For: 203.0.113.5',
    '\r\n',
  ].join('\r\n');

/** Keeps so many uploads open at each URL, which send a byte now and then. Resolves once stopped to how many the server has ended. */
export async function uploadSlowly(urls: readonly string[], each: number, stop: AbortSignal) {
  let ended = 0;
  setMaxListeners(0, stop);
  const upload = async (url: URL) => {
    while (!stop.aborted) {
      const socket = connect(Number(url.port), url.hostname);
      socket.write(head(url));
      if (await trickle(socket, stop)) ended++;
    }
  };
  const uploads = urls.flatMap((url) => Array.from({ length: each }, () => upload(new URL(url))));
  await Promise.all(uploads);
  return ended;
}

/** Resolves to whether the server ended it. */
async function trickle(socket: Socket, stop: AbortSignal): Promise<boolean> {
  socket.resume().on('error', () => socket.destroy());
  while (!socket.closed && !stop.aborted) {
    await sleep(BYTE_MS, undefined, { signal: stop }).catch(() => undefined);
    if (!socket.closed) socket.write('{');
  }
  const isEnded = socket.closed;
  socket.destroy();
  return isEnded;
}
