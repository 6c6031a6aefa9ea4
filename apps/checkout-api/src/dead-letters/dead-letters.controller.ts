import { Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { AdminGuard, AdminName } from '../admin/admin.guard.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { orderId } from '../orders/order.schema.js';
import {
  deadLetterListQuery,
  deadLetterSchema,
  type DeadLetterListQuery,
  type DeadLetterView,
} from './dead-letter.schema.js';
import { DeadLettersService } from './dead-letters.service.js';

@ApiTags('dead letters')
@Controller('dead-letters')
@UseGuards(AdminGuard)
@ApiBearerAuth('admin')
@ApiProblems('VALIDATION_FAILED', 'ADMIN_KEY_REQUIRED', 'REDIS_UNAVAILABLE')
export class DeadLettersController {
  constructor(private readonly letters: DeadLettersService) {}

  @Get()
  @ApiOperation({
    summary: 'Orders that were refused for good, and reservations that cannot end, newest first',
  })
  @ApiOkResponse({ standardSchema: deadLetterSchema, isArray: true })
  list(@Query({ schema: deadLetterListQuery }) { limit }: DeadLetterListQuery): Promise<DeadLetterView[]> {
    return this.letters.list(limit);
  }

  @Post(':orderId/retry')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Send one again',
    description:
      'It goes back to the queue as it was accepted. If it is refused again, it is a dead letter again.',
  })
  @ApiAcceptedResponse({ standardSchema: deadLetterSchema, description: 'A worker will try this again' })
  @ApiProblems('DEAD_LETTER_NOT_FOUND', 'SOLD_OUT', 'IDEMPOTENCY_KEY_REUSED', 'QUEUE_FULL', 'NOT_REPLICATED')
  retry(
    @AdminName() admin: string,
    @Param('orderId', { schema: orderId }) id: string,
  ): Promise<DeadLetterView> {
    return this.letters.retry(admin, id);
  }

  @Delete(':orderId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Discard one', description: 'Nothing tells of it any more. Harmless to repeat.' })
  @ApiNoContentResponse({ description: 'It is not there' })
  discard(@AdminName() admin: string, @Param('orderId', { schema: orderId }) id: string): Promise<void> {
    return this.letters.discard(admin, id);
  }
}
