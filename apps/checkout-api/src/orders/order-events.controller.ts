import {
  Controller,
  Headers,
  HttpCode,
  Param,
  Post,
  Res,
  Sse,
  UseGuards,
  type MessageEvent,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { EMPTY, type Observable } from 'rxjs';
import { CalledBy, type Caller } from '../buyers/caller.js';
import { whenGone } from '../http/prefer-wait.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { LimitedAs, RateLimitGuard } from '../limits/rate-limit.guard.js';
import { EventStreamsGuard } from './event-streams.guard.js';
import { EventStreams } from './event-streams.js';
import { EventTickets } from './event-tickets.js';
import { LAST, OrderEvents } from './order-events.js';
import { OrderOwnerGuard } from './order-owner.guard.js';
import { orderId, ticketSchema, type TicketView } from './order.schema.js';
import { OrdersService } from './orders.service.js';
import { TicketGuard } from './ticket.guard.js';

const EVENT = 'id: 1\ndata: {"orderId":"5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4","status":"reserved"}\n\n';

@ApiTags('orders')
@Controller('orders/:orderId')
@UseGuards(TicketGuard, RateLimitGuard)
@LimitedAs('ticket')
@ApiBearerAuth('buyer')
@ApiProblems('BUYER_TOKEN_REQUIRED')
export class OrderEventsController {
  constructor(
    private readonly orders: OrdersService,
    private readonly events: OrderEvents,
    private readonly streams: EventStreams,
    private readonly tickets: EventTickets,
  ) {}

  @Sse('events')
  @UseGuards(EventStreamsGuard, OrderOwnerGuard)
  @HttpCode(200)
  @ApiOperation({
    summary: 'The states of an order as they come',
    description:
      'Server-sent events until the last state: the present state first, each as `GET /orders/{orderId}` answers it. An ' +
      'event has an `id`; with that of the last one seen as `Last-Event-ID`, only what came after it is told. A stream ends ' +
      'with the token that opened it.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, schema: { type: 'string', example: '1' } })
  @ApiQuery({
    name: 'ticket',
    required: false,
    description: 'Instead of a token: from `POST /orders/{orderId}/events-ticket`',
    schema: { type: 'string' },
  })
  @ApiOkResponse({
    description: 'The events',
    content: { 'text/event-stream': { schema: { type: 'string' }, example: EVENT } },
  })
  @ApiNoContentResponse({ description: 'The last event was seen: there is nothing more to come' })
  @ApiProblems('VALIDATION_FAILED', 'ORDER_NOT_FOUND', 'RATE_LIMITED', 'TOO_MANY_STREAMS', 'STREAMS_FULL')
  @ApiProblems('REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE', 'BUYER_KEYS_UNAVAILABLE')
  async follow(
    @Param('orderId', { schema: orderId }) id: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @CalledBy() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    const order = await this.orders.get(id);
    const seen = /^\d$/.test(lastEventId ?? '') ? Number(lastEventId) : -1;
    if (seen >= LAST) {
      void reply.code(204); // there is nothing more to come: clients must not come back
      return EMPTY;
    }
    if (reply.request.method === 'HEAD') return EMPTY;
    this.streams.open(reply.request, whenGone(reply));
    return this.events.of(order, seen, caller.kind === 'buyer' ? caller.until : undefined);
  }

  @Post('events-ticket')
  @UseGuards(OrderOwnerGuard)
  @ApiOperation({
    summary: 'A ticket to the events of an order',
    description:
      'For browsers, whose `EventSource` sends no Authorization header: it opens `GET /orders/{orderId}/events?ticket=...` for a ' +
      'minute. Such a stream ends with the token that the ticket was fetched with.',
  })
  @ApiCreatedResponse({ standardSchema: ticketSchema })
  @ApiProblems('VALIDATION_FAILED', 'ORDER_NOT_FOUND', 'RATE_LIMITED')
  @ApiProblems('REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE', 'BUYER_KEYS_UNAVAILABLE')
  async ticket(
    @Param('orderId', { schema: orderId }) id: string,
    @CalledBy() caller: Caller,
  ): Promise<TicketView> {
    const order = await this.orders.get(id);
    return this.tickets.issue(order.orderId, caller);
  }
}
