import { Global, Module } from '@nestjs/common';
import { RateLimits } from './rate-limits.js';

/** What {@link RateLimitGuard} needs in front of any controller. */
@Global()
@Module({ providers: [RateLimits], exports: [RateLimits] })
export class LimitsModule {}
