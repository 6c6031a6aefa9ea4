import { Body, Controller, HttpCode, Param, Post, Res, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminGuard, AdminName } from '../admin/admin.guard.js';
import { PreferWait, whenGone } from '../http/prefer-wait.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { orderId, orderSchema, type OrderView } from '../orders/order.schema.js';
import { refundSchema, type RefundBody } from './refund.schema.js';
import { RefundsService } from './refunds.service.js';

/** Seconds the units are waited for, unless the client prefers another time. */
const PATIENCE = 5;

@ApiTags('orders')
@Controller('orders/:orderId/refund')
@UseGuards(AdminGuard)
@ApiBearerAuth('admin')
export class RefundsController {
  constructor(private readonly refunds: RefundsService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Refund a paid order, for admins',
    description:
      'The money goes back; if the provider does not answer, workers go on trying. With `restock` the units come back for others, else they ' +
      'stay sold. Harmless to repeat, also with `restock` later.',
  })
  @ApiOkResponse({
    standardSchema: orderSchema,
    description: 'Refunded, and its units are back if that was asked for',
  })
  @ApiAcceptedResponse({ standardSchema: orderSchema, description: 'Refunded; its units are not back yet' })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'ADMIN_KEY_REQUIRED', 'ORDER_NOT_FOUND')
  @ApiProblems('ORDER_NOT_REFUNDABLE', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  @ApiProblems('REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE')
  async refund(
    @Param('orderId', { schema: orderId }) id: string,
    @AdminName() admin: string,
    @PreferWait() wait: number,
    @Body({ schema: refundSchema }) { restock, reason }: RefundBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderView> {
    const patience = { seconds: wait || PATIENCE, signal: whenGone(reply) };
    const order = await this.refunds.refund(id, { restock, reason, admin }, patience);
    void reply.code(restock && !order.restockedAt ? 202 : 200);
    return order;
  }
}
