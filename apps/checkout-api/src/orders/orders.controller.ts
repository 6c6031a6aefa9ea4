import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ProblemError } from '../problems/problem.js';
import { orderId, orderSchema, type OrderView } from './order.schema.js';
import { OrdersService } from './orders.service.js';

@ApiTags('orders')
@Controller('orders')
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
