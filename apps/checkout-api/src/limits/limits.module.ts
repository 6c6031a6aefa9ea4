import { Global, Module } from '@nestjs/common';
import { Addresses } from './addresses.js';
import { RateLimits } from './rate-limits.js';

/** What the guards here need in front of any controller. */
@Global()
@Module({ providers: [Addresses, RateLimits], exports: [Addresses, RateLimits] })
export class LimitsModule {}
