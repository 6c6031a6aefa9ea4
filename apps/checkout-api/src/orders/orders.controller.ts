import {
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Res,
  Sse,
  UseGuards,
  type MessageEvent,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { EMPTY, type Observable } from 'rxjs';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { PreferWait, whenGone } from '../http/prefer-wait.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { LimitedAs, RateLimitGuard } from '../limits/rate-limit.guard.js';
import { CancellationsService } from './cancellations.service.js';
import { LAST, OrderEvents } from './order-events.js';
import { OrderOwnerGuard } from './order-owner.guard.js';
import { orderId, orderSchema, type OrderView } from './order.schema.js';
import { OrdersService } from './orders.service.js';

/** Seconds a cancellation is waited for, unless the client prefers another time. */
const PATIENCE = 5;

const EVENT = 'id: 1\ndata: {"orderId":"5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4","status":"reserved"}\n\n';

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
    private readonly events: OrderEvents,
  ) {}

  @Get(':orderId')
  @ApiOperation({ summary: 'What became of a checkout' })
  @ApiOkResponse({ standardSchema: orderSchema })
  @ApiProblems(
    'VALIDATION_FAILED',
    'ORDER_NOT_FOUND',
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
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: 'RFC 7240: wait up to N seconds, at most 30, until the units are given back; 5 unless given',
    schema: { type: 'string', example: 'wait=5' },
  })
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

  @Sse(':orderId/events')
  @HttpCode(200)
  @ApiOperation({
    summary: 'The states of an order as they come',
    description:
      'Server-sent events until the last state: the present state first, each as `GET /orders/{orderId}` answers it. An ' +
      'event has an `id`; with that of the last one seen as `Last-Event-ID`, only what came after it is told.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, schema: { type: 'string', example: '1' } })
  @ApiOkResponse({
    description: 'The events',
    content: { 'text/event-stream': { schema: { type: 'string' }, example: EVENT } },
  })
  @ApiNoContentResponse({ description: 'The last event was seen: there is nothing more to come' })
  @ApiProblems(
    'VALIDATION_FAILED',
    'ORDER_NOT_FOUND',
    'REDIS_UNAVAILABLE',
    'POSTGRES_UNAVAILABLE',
    'BUYER_KEYS_UNAVAILABLE',
  )
  async follow(
    @Param('orderId', { schema: orderId }) id: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    const order = await this.orders.get(id);
    const seen = /^\d$/.test(lastEventId ?? '') ? Number(lastEventId) : -1;
    if (seen < LAST) return reply.request.method === 'HEAD' ? EMPTY : this.events.of(order, seen);
    void reply.code(204); // there is nothing more to come: clients must not come back
    return EMPTY;
  }
}
