import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { CheckoutMetrics } from './checkout-metrics.js';
import { CheckoutsController } from './checkouts.controller.js';
import { CheckoutsService } from './checkouts.service.js';
import { OutcomeWatch } from './outcome-watch.js';

@Module({
  imports: [OrdersModule],
  controllers: [CheckoutsController],
  providers: [CheckoutsService, OutcomeWatch, CheckoutMetrics],
})
export class CheckoutsModule {}
