import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { WaitingRoomModule } from '../waiting-room/waiting-room.module.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsService } from './payments.service.js';
import { RefundsController } from './refunds.controller.js';
import { RefundsService } from './refunds.service.js';

@Module({
  imports: [OrdersModule, WaitingRoomModule],
  controllers: [PaymentsController, RefundsController],
  providers: [PaymentsService, RefundsService],
})
export class PaymentsModule {}
