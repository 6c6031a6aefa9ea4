import { Body, Controller, Delete, HttpCode, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { buyerOf } from '../buyers/buyer-id.js';
import { CalledBy, type Caller } from '../buyers/caller.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { LimitedAs, RateLimitGuard } from '../limits/rate-limit.guard.js';
import { saleId } from '../sales/sale.schema.js';
import {
  admittedSchema,
  entrySchema,
  leaveQuery,
  waitingSchema,
  type Entry,
  type StandingView,
} from './waiting-room.schema.js';
import { WaitingRoomService } from './waiting-room.service.js';

const RETRY_AFTER = {
  'Retry-After': {
    schema: { type: 'string' as const, example: '2' },
    description:
      'Seconds. Whoever asks more than five seconds late is passed by others, and after five minutes queues anew',
    required: true,
  },
};

@ApiTags('checkouts')
@Controller('sales/:saleId/waiting-room')
@UseGuards(BuyerGuard, RateLimitGuard)
@LimitedAs('waiting-room')
@ApiBearerAuth('buyer')
@ApiProblems('VALIDATION_FAILED', 'SALE_NOT_FOUND', 'SALE_ARCHIVED', 'BUYER_TOKEN_REQUIRED', 'BUYER_MISMATCH')
export class WaitingRoomController {
  constructor(private readonly room: WaitingRoomService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Enter the waiting room, or ask again',
    description:
      'Buyers are let in first come first served. Asking again keeps the place and tells that the buyer is still there. One may ' +
      'before the sale starts. A place ends when an order is paid or cancelled, when its buyer leaves, or when its time is up.',
  })
  @ApiOkResponse({ standardSchema: admittedSchema, description: 'Inside: check out' })
  @ApiAcceptedResponse({ standardSchema: waitingSchema, description: 'Ask again', headers: RETRY_AFTER })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  @ApiProblems('NO_WAITING_ROOM', 'SALE_ENDED', 'SOLD_OUT', 'RATE_LIMITED')
  @ApiProblems('REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE', 'BUYER_KEYS_UNAVAILABLE')
  async enter(
    @Param('saleId', { schema: saleId }) sale: string,
    @CalledBy() caller: Caller,
    @Body({ schema: entrySchema }) entry: Entry,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StandingView> {
    const standing = await this.room.enter(sale, buyerOf(caller, entry.buyerId));
    if (standing.status === 'admitted')
      return { status: 'admitted', expiresAt: standing.expiresAt.toISOString() };
    const { status, position, waiting, estimatedWaitSeconds = null, available = null } = standing;
    void reply.code(202).header('retry-after', String(standing.askAgainSeconds));
    return { status, position, waiting, estimatedWaitSeconds, available };
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({
    summary: 'Leave the waiting room',
    description: 'Gives up the place, inside or in the queue, for others. Harmless to repeat.',
  })
  @ApiNoContentResponse({ description: 'Left' })
  @ApiProblems('NO_WAITING_ROOM', 'RATE_LIMITED')
  @ApiProblems('REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE', 'BUYER_KEYS_UNAVAILABLE')
  leave(
    @Param('saleId', { schema: saleId }) sale: string,
    @CalledBy() caller: Caller,
    @Query({ schema: leaveQuery }) entry: Entry,
  ): Promise<void> {
    return this.room.leave(sale, buyerOf(caller, entry.buyerId));
  }
}
