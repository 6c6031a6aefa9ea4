import type { ApiConfig } from '@app/config';
import { expect, it } from 'vitest';
import { Addresses } from './addresses.js';

const networkOf = (ip: string, RATE_LIMIT_IPV6_PREFIX = 64) =>
  new Addresses({ RATE_LIMIT_IPV6_PREFIX } as ApiConfig).of({ ip });

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['::1', '::/64'],
  ['no address', 'no address'],
])('%s counts as %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

it('a network is as long as it is configured to be', () => {
  expect(networkOf('2001:db8:1:2:3::1', 48)).toBe('2001:db8:1::/48');
  expect(networkOf('2001:db8:1:2:3::1', 128)).toBe('2001:db8:1:2:3::1/128');
});

it('what is no address is not remembered in full', () => {
  expect(networkOf('x'.repeat(16_000))).toHaveLength(64);
});
