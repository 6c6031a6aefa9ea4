/**
 * Lives in another network than the process that started it. That one sends it listening sockets of its own network, each with an
 * address of this network to which connections are passed on.
 */
import { connect } from 'node:net';
import { pipeline } from 'node:stream';

process.on('message', (target, server) => {
  server.on('connection', (client) => {
    const there = connect({ ...target, noDelay: true });
    client.setNoDelay();
    pipeline(client, there, client, () => undefined);
  });
});
process.on('disconnect', () => process.exit());
process.send('open');
