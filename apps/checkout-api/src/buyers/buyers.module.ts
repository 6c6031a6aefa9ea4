import { Global, Module } from '@nestjs/common';
import { AdminKey } from '../admin-key.js';
import { RateLimits } from '../limits/rate-limits.js';
import { BuyerTokens } from './buyer-tokens.js';

/** What the guards of every controller need. */
@Global()
@Module({ providers: [AdminKey, BuyerTokens, RateLimits], exports: [AdminKey, BuyerTokens, RateLimits] })
export class BuyersModule {}
