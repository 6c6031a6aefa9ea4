import { describe, expect, it } from 'vitest';
import { ConsulClient, isRefused } from '../src/drivers/consul/client.js';
import { ConsulPlace } from '../src/drivers/consul/place.js';
import { Session } from '../src/drivers/consul/session.js';
import { setUp } from './conformance.js';
import { nothing, queued } from './conformance/check.js';
import { behindNetwork } from './conformance/network.js';

const options = { ttl: 10_000, wait: 30_000 };

describe('consul', () => {
  const subject = setUp('consul');

  it('takes one request to lock a free lock and one to release it', async () => {
    const { network, lock } = await behindNetwork(subject());
    await lock.withLock(subject().resource(), options, nothing); // the session is open
    const before = network.requests;
    for (let i = 0; i < 20; i++) await lock.withLock(subject().resource(), options, nothing);
    expect(network.requests - before).toBeGreaterThanOrEqual(40);
    expect(network.requests - before).toBeLessThanOrEqual(40 + 1); // a renewal may come between
  });

  it('does not let a creation in that arrives after its caller has left', async () => {
    const resource = subject().resource();
    const network = await subject().network();
    const consul = new ConsulClient(network.backends.consul!);
    const session = await Session.open(consul, 10);
    const place = new ConsulPlace(consul, session, 'lock', resource);
    network.holdAnswers();
    const entering = place.enter();
    await queued(subject(), resource, 1);
    network.cut();
    network.heal();
    await entering;
    await place.leave();
    // The same transaction as the one that was not answered.
    await expect(place.enter()).rejects.toSatisfy(isRefused);
    expect(await subject().store.sessions!.queue(resource)).toEqual([]);
    await session.end();
    consul.close();
  });
});
