import { REJECTION_REASONS } from '@app/orders';
import { Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { documented } from '../http/documented.js';
import { ApiIdempotencyKey } from '../http/idempotency-key.js';
import { ApiPreferWait, whenGone } from '../http/prefer-wait.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { LimitedAs, RateLimitGuard } from '../limits/rate-limit.guard.js';
import { orderSchema, type OrderView } from '../orders/order.schema.js';
import { saleId } from '../sales/sale.schema.js';
import { acceptedSchema, checkoutSchema } from './checkout.schema.js';
import { CheckoutsService } from './checkouts.service.js';
import { readCheckout, type CheckoutRequest } from './read-checkout.js';

const LOCATION = {
  Location: { schema: { type: 'string' as const }, description: 'Where the order is', required: true },
};

@ApiTags('checkouts')
@Controller('sales/:saleId/checkouts')
@UseGuards(BuyerGuard, RateLimitGuard)
@LimitedAs('checkout')
@ApiBearerAuth('buyer')
export class CheckoutsController {
  constructor(private readonly checkouts: CheckoutsService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Buy',
    description:
      'Accepts the order; a worker settles it. The same Idempotency-Key always answers with the same order and has no ' +
      'second effect. Once the SKU is known to be sold out, the answer is 409 at once. Where the sale has a waiting room, a ' +
      'new checkout needs a place inside.',
  })
  @ApiParam({ name: 'saleId', schema: documented(saleId) })
  @ApiBody({ schema: documented(checkoutSchema) })
  @ApiIdempotencyKey()
  @ApiPreferWait('for the outcome instead')
  @ApiAcceptedResponse({
    standardSchema: acceptedSchema,
    description:
      'Accepted. A repeated checkout tells the present status of its order, and once that is settled also what it is.',
    headers: LOCATION,
  })
  @ApiCreatedResponse({
    standardSchema: orderSchema,
    description: 'With `Prefer: wait`: reserved',
    headers: LOCATION,
  })
  @ApiOkResponse({
    standardSchema: orderSchema,
    description:
      'With `Prefer: wait`, of a repeated checkout: its order was reserved, and is `paid`, `expired` or `cancelled` now',
    headers: LOCATION,
  })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'IDEMPOTENCY_KEY_MISSING', 'IDEMPOTENCY_KEY_INVALID')
  @ApiProblems(
    'SALE_NOT_FOUND',
    'SALE_ARCHIVED',
    'SKU_NOT_FOUND',
    'SALE_NOT_STARTED',
    'SALE_PAUSED',
    'SALE_ENDED',
  )
  @ApiProblems(...REJECTION_REASONS)
  @ApiProblems('BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'IDEMPOTENCY_KEY_REUSED')
  @ApiProblems('BUYER_TOKEN_REQUIRED', 'BUYER_MISMATCH', 'NOT_ADMITTED', 'BUYER_KEYS_UNAVAILABLE')
  @ApiProblems('RATE_LIMITED', 'QUEUE_FULL', 'NOT_REPLICATED', 'REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE')
  async create(@Req() request: CheckoutRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { sale, checkout, key, seconds } = readCheckout(request);
    const wait = seconds > 0 ? { seconds, signal: whenGone(reply) } : undefined;
    const order = await this.checkouts.accept(sale, checkout, key, wait);
    void reply.header('location', `/orders/${order.orderId}`);
    if (!wait) return accepted(order);
    void reply.header('preference-applied', `wait=${seconds}`);
    return this.#terminal(order, reply);
  }

  async #terminal(order: OrderView, reply: FastifyReply) {
    const { status } = order;
    if (status === 'queued') return accepted(order);
    if (status === 'rejected') throw await this.checkouts.rejection(order);
    void reply.code(status === 'reserved' ? 201 : 200);
    return order;
  }
}

/** A settled order is told in full. */
const accepted = ({ orderId, sku, quantity, status, reason }: OrderView) =>
  status === 'queued' ? { orderId, status } : { orderId, status, reason, sku, quantity };
