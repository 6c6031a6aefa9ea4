import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { CheckoutMetrics } from './checkout-metrics.js';
import { CheckoutsController } from './checkouts.controller.js';
import { CheckoutsService } from './checkouts.service.js';
import { SoldOutCheck } from './sold-out-check.js';

@Module({
  imports: [OrdersModule],
  controllers: [CheckoutsController],
  providers: [CheckoutsService, CheckoutMetrics, SoldOutCheck],
})
export class CheckoutsModule {}
