import { Module } from '@nestjs/common';
import { WaitingRoomModule } from '../waiting-room/waiting-room.module.js';
import { CancellationsService } from './cancellations.service.js';
import { OrderEvents } from './order-events.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { OrderWatch } from './order-watch.js';

@Module({
  imports: [WaitingRoomModule],
  controllers: [OrdersController],
  providers: [OrdersService, OrderWatch, OrderEvents, CancellationsService],
  exports: [OrdersService, OrderWatch],
})
export class OrdersModule {}
