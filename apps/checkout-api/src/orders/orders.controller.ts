import { Controller, Delete, Get, Param, Res, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { ApiPreferWait, PreferWait, whenGone } from '../http/prefer-wait.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { LimitedAs, RateLimitGuard } from '../limits/rate-limit.guard.js';
import { CancellationsService } from './cancellations.service.js';
import { OrderOwnerGuard } from './order-owner.guard.js';
import { orderId, orderSchema, type OrderView } from './order.schema.js';
import { OrdersService } from './orders.service.js';

/** Seconds a cancellation is waited for, unless the client prefers another time. */
const PATIENCE = 5;

@ApiTags('orders')
@Controller('orders')
@UseGuards(BuyerGuard, RateLimitGuard, OrderOwnerGuard)
@LimitedAs('order')
@ApiBearerAuth('buyer')
@ApiProblems('BUYER_TOKEN_REQUIRED')
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly cancellations: CancellationsService,
  ) {}

  @Get(':orderId')
  @ApiOperation({ summary: 'What became of a checkout' })
  @ApiOkResponse({ standardSchema: orderSchema })
  @ApiProblems(
    'VALIDATION_FAILED',
    'ORDER_NOT_FOUND',
    'RATE_LIMITED',
    'REDIS_UNAVAILABLE',
    'POSTGRES_UNAVAILABLE',
    'BUYER_KEYS_UNAVAILABLE',
  )
  get(@Param('orderId', { schema: orderId }) id: string): Promise<OrderView> {
    return this.orders.get(id);
  }

  @Delete(':orderId')
  @ApiOperation({
    summary: 'Cancel a reservation',
    description: 'Its units come back for others. Harmless to repeat.',
  })
  @ApiPreferWait('until the units are given back; 5 unless given')
  @ApiOkResponse({ standardSchema: orderSchema, description: 'Cancelled' })
  @ApiAcceptedResponse({
    standardSchema: orderSchema,
    description: 'It can no longer be paid, and will be cancelled; its units are not given back yet',
  })
  @ApiProblems('VALIDATION_FAILED', 'ORDER_NOT_FOUND', 'ORDER_NOT_CANCELLABLE', 'RATE_LIMITED')
  @ApiProblems('REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE', 'BUYER_KEYS_UNAVAILABLE')
  async cancel(
    @Param('orderId', { schema: orderId }) id: string,
    @PreferWait() wait: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderView> {
    const order = await this.cancellations.cancel(id, { seconds: wait || PATIENCE, signal: whenGone(reply) });
    void reply.code(order.status === 'cancelled' ? 200 : 202);
    return order;
  }
}
