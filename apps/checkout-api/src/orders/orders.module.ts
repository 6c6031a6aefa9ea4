import { Module } from '@nestjs/common';
import { WaitingRoomModule } from '../waiting-room/waiting-room.module.js';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { CancellationsService } from './cancellations.service.js';
import { EventStreams } from './event-streams.js';
import { EventTickets } from './event-tickets.js';
import { OrderEventsController } from './order-events.controller.js';
import { OrderEvents } from './order-events.js';
import { OrderListService } from './order-list.service.js';
import { OrderListsController } from './order-lists.controller.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { OrderWatch } from './order-watch.js';

@Module({
  imports: [WaitingRoomModule],
  controllers: [OrdersController, OrderListsController, OrderEventsController],
  providers: [
    OrderListService,
    OrdersService,
    OrderWatch,
    OrderEvents,
    EventStreams,
    EventTickets,
    BuyerGuard,
    CancellationsService,
  ],
  exports: [OrdersService, OrderWatch],
})
export class OrdersModule {}
