import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const attempts = 5;
/** Below the ports that the system gives to clients: those could take the port of a server that is being restarted. */
const lowest = 10_000;
const clientPorts = 32_768;
const given = new Set<number>();

/**
 * Starts something on a free port of 127.0.0.1, below `below`. Somebody may take the port in between: then on another one.
 */
export function onFreePort<T>(start: (port: number) => Promise<T>, below = clientPorts): Promise<T> {
  return onFreePorts(1, start, below);
}

/** The same for something that needs several ports. */
export async function onFreePorts<T>(
  count: number,
  start: (...ports: number[]) => Promise<T>,
  below = clientPorts,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const ports: number[] = [];
    while (ports.length < count) ports.push(await anotherFreePort(below));
    try {
      return await start(...ports);
    } catch (error) {
      const free = await Promise.all(ports.map(isFree));
      if (attempt === attempts || free.every(Boolean)) throw error;
    }
  }
}

/** Twice the same port would let one process look ready because another one answers. */
async function anotherFreePort(below: number): Promise<number> {
  const port = randomInt(lowest, below);
  if (given.has(port) || !(await isFree(port))) return anotherFreePort(below);
  given.add(port);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
