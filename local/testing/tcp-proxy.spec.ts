import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TcpProxy } from './tcp-proxy.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A server that answers everything with its name. */
async function answering(name: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', () => socket.write(name)).on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A client that keeps what it was told. */
async function client(port: number) {
  const told: string[] = [];
  const socket = connect(port, '127.0.0.1').on('data', (data) => told.push(data.toString()));
  socket.on('error', () => undefined);
  closing.push(() => socket.destroy());
  await once(socket, 'connect');
  return { told, ask: () => void socket.write('?'), leave: () => void socket.resetAndDestroy() };
}

describe('a relay', () => {
  let relay: TcpProxy;
  beforeEach(async () => {
    relay = await TcpProxy.to('127.0.0.1', await answering('first'));
    closing.push(() => relay.close());
  });

  it('passes later what it could not pass while it was silent', async () => {
    const buyer = await client(relay.port);
    relay.blackhole();
    buyer.ask();
    const other = await client(relay.port);
    other.ask();
    await vi.waitFor(() => expect(relay.requests).toBe(2));
    expect([buyer.told, other.told]).toEqual([[], []]);
    relay.heal();
    await vi.waitFor(() => expect([buyer.told, other.told]).toEqual([['first'], ['first']]));
  });

  it('forgets what is open, for good, and says when its clients have left that', async () => {
    const buyer = await client(relay.port);
    buyer.ask();
    await vi.waitFor(() => expect(buyer.told).toEqual(['first']));
    const left = vi.fn<() => void>();
    void relay.forget().then(left);
    buyer.ask();
    const other = await client(relay.port);
    other.ask();
    await vi.waitFor(() => expect(other.told).toEqual(['first']));
    relay.heal();
    await vi.waitFor(() => expect(relay.requests).toBe(3));
    expect(buyer.told).toEqual(['first']);
    expect(relay.links).toBe(1);
    expect(left).not.toHaveBeenCalled();
    buyer.leave();
    await vi.waitFor(() => expect(left).toHaveBeenCalled());
  });

  it('leads new connections to another server', async () => {
    const buyer = await client(relay.port);
    await vi.waitFor(() => expect(relay.links).toBe(1));
    relay.leadTo('127.0.0.1', await answering('second'));
    const other = await client(relay.port);
    for (const one of [buyer, other]) one.ask();
    await vi.waitFor(() => expect([buyer.told, other.told]).toEqual([['first'], ['second']]));
  });
});
