import { Body, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { LimitedAs, RateLimitGuard } from '../limits/rate-limit.guard.js';
import { OrderOwnerGuard } from '../orders/order-owner.guard.js';
import { orderId, orderSchema, type OrderView } from '../orders/order.schema.js';
import { paymentSchema, type PaymentBody } from './payment.schema.js';
import { PaymentsService } from './payments.service.js';

@ApiTags('orders')
@Controller('orders/:orderId/payment')
@UseGuards(BuyerGuard, RateLimitGuard, OrderOwnerGuard)
@LimitedAs('order')
@ApiBearerAuth('buyer')
@ApiProblems('BUYER_TOKEN_REQUIRED')
export class PaymentsController {
  constructor(private readonly payments: PaymentsService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Pay a reservation',
    description:
      'Answers once the order is paid. The same token again is the same payment. A declined payment leaves the reservation ' +
      'as it is: try another token before it expires; an order takes ten. Money taken for a reservation that has ended is refunded.',
  })
  @ApiOkResponse({ standardSchema: orderSchema, description: 'Paid' })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'PAYMENT_DECLINED', 'ORDER_NOT_FOUND')
  @ApiProblems('ORDER_NOT_PAYABLE', 'PAYMENT_IN_PROGRESS', 'PAYMENTS_EXHAUSTED')
  @ApiProblems('BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  @ApiProblems('RATE_LIMITED', 'PAYMENT_UNKNOWN')
  @ApiProblems('REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE', 'BUYER_KEYS_UNAVAILABLE')
  pay(
    @Param('orderId', { schema: orderId }) id: string,
    @Body({ schema: paymentSchema }) { token }: PaymentBody,
  ): Promise<OrderView> {
    return this.payments.pay(id, token);
  }
}
