import { once } from 'node:events';
import { createServer } from 'node:net';

const attempts = 5;
const given = new Set<number>();

/** Starts something on a free port of 127.0.0.1. Somebody may take the port in between: then on another one. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const port = await anotherFreePort();
    try {
      return await start(port);
    } catch (error) {
      if (attempt === attempts || (await isFree(port))) throw error;
    }
  }
}

/** Twice the same port would let one process look ready because another one answers. */
async function anotherFreePort(): Promise<number> {
  const port = await bind(0);
  if (given.has(port)) return anotherFreePort();
  given.add(port);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  return bind(port).then(
    () => true,
    () => false,
  );
}

/** Binds the port for a moment; 0 lets the system choose one. */
async function bind(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error(`${address} is not a TCP address`);
  return address.port;
}
