import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { isIPv4 } from 'node:net';
import { API_CONFIG } from '../core/tokens.js';

/** Of what a proxy names as an address and is none, limits remember so many characters. */
const LONGEST = 64;

/** Where requests come from, as limits count it: of an IPv6 address its network, since one subscriber has all addresses of one. */
@Injectable()
export class Addresses {
  readonly #prefix: number;

  constructor(@Inject(API_CONFIG) config: ApiConfig) {
    this.#prefix = config.RATE_LIMIT_IPV6_PREFIX;
  }

  of({ ip }: Pick<FastifyRequest, 'ip'>): string {
    if (isIPv4(ip)) return ip;
    const address = ip.split('%', 1)[0]!; // without the zone of a link-local one
    if (!ipaddr.isValid(address)) return ip.slice(0, LONGEST);
    const parsed = ipaddr.process(address); // IPv4 also where it is mapped into IPv6
    if (parsed.kind() === 'ipv4') return parsed.toString();
    return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${this.#prefix}`).toString()}/${this.#prefix}`;
  }
}
