import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const attempts = 5;
/** Below the ports that the system gives to clients: those could take the port of a server that is being restarted. */
const lowest = 10_000;
const clientPorts = 32_768;

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

async function anotherFreePort(below: number): Promise<number> {
  const port = randomInt(lowest, below);
  return (await isFree(port)) && (await reserve(port)) ? port : anotherFreePort(below);
}

/**
 * Keeps a port for this process until that ends, also while its server is down for a restart. The sign of it is a socket at a number
 * that belongs to the port, and that no server wants.
 */
async function reserve(port: number): Promise<boolean> {
  const sign = createSocket('udp4').unref();
  try {
    sign.bind({ address: '127.0.0.1', port: port + clientPorts, exclusive: true });
    await once(sign, 'listening');
    return true;
  } catch {
    sign.close();
    return false;
  }
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
