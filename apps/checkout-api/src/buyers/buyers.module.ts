import { Global, Module } from '@nestjs/common';
import { BuyerTokens } from './buyer-tokens.js';

/** What {@link BuyerGuard} needs in front of any controller. */
@Global()
@Module({ providers: [BuyerTokens], exports: [BuyerTokens] })
export class BuyersModule {}
