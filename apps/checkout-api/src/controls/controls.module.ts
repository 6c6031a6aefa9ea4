import { Module } from '@nestjs/common';
import { SalesModule } from '../sales/sales.module.js';
import { ActionsController } from './actions.controller.js';
import { AdjustmentsService } from './adjustments.service.js';
import { ControlsController } from './controls.controller.js';
import { ControlsService } from './controls.service.js';

/** What steers a running sale, and the trail of who did so. */
@Module({
  imports: [SalesModule],
  controllers: [ControlsController, ActionsController],
  providers: [ControlsService, AdjustmentsService],
})
export class ControlsModule {}
