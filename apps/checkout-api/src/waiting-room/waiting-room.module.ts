import { Module } from '@nestjs/common';
import { RemainingStock } from './remaining-stock.js';
import { RoomMetrics } from './room-metrics.js';
import { WaitingRoomController } from './waiting-room.controller.js';
import { WaitingRoomService } from './waiting-room.service.js';

@Module({
  controllers: [WaitingRoomController],
  providers: [WaitingRoomService, RemainingStock, RoomMetrics],
  exports: [WaitingRoomService],
})
export class WaitingRoomModule {}
