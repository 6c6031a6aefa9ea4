import { Global, Module } from '@nestjs/common';
import { Addresses } from './addresses.js';
import { ReadPace } from './read-pace.js';
import { RateLimits } from './rate-limits.js';

/** What the guards here need in front of any controller. */
@Global()
@Module({ providers: [Addresses, RateLimits, ReadPace], exports: [Addresses, RateLimits, ReadPace] })
export class LimitsModule {}
