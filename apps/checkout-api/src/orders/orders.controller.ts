import { Controller, Get, Param, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { OrderOwnerGuard } from '../buyers/order-owner.guard.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ProblemError } from '../problems/problem.js';
import { orderId, orderSchema, type OrderView } from './order.schema.js';
import { OrdersService } from './orders.service.js';

@ApiTags('orders')
@Controller('orders')
@UseGuards(BuyerGuard, OrderOwnerGuard)
@ApiBearerAuth('buyer')
@ApiProblems('BUYER_TOKEN_REQUIRED', 'BUYER_KEYS_UNAVAILABLE')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get(':orderId')
  @ApiOperation({ summary: 'What became of a checkout' })
  @ApiOkResponse({ standardSchema: orderSchema })
  @ApiProblems('VALIDATION_FAILED', 'ORDER_NOT_FOUND', 'REDIS_UNAVAILABLE', 'POSTGRES_UNAVAILABLE')
  async get(@Param('orderId', { schema: orderId }) id: string): Promise<OrderView> {
    const order = await this.orders.find(id);
    if (!order) throw new ProblemError('ORDER_NOT_FOUND', `No order has the id ${id}.`);
    return order;
  }
}
