import fastify from 'fastify';
import { connect } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { httpLimits } from '../src/index.js';

it.each([
  ['says nothing', ''],
  ['sends half of its headers', 'GET / HTTP/1.1\r\nX-Half: '],
  ['sends half of its body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{'],
])('a server of any process lets go of a client that %s', async (_, sends) => {
  const server = fastify(httpLimits(1_000));
  server.post('/', async () => 'ok');
  onTestFinished(() => server.close());
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as { port: number };
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  let closed = false;
  socket.on('close', () => (closed = true)).on('error', () => undefined);
  socket.resume().write(sends);
  await vi.waitFor(() => expect(closed).toBe(true), { timeout: 10_000 });
});
