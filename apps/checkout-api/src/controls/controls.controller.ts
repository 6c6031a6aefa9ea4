import { Body, Controller, HttpCode, Param, Patch, Post, Res, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminGuard, AdminName } from '../admin/admin.guard.js';
import { ApiIdempotencyKey, IdempotencyKey } from '../http/idempotency-key.js';
import { ApiPreferWait, PreferWait, whenGone } from '../http/prefer-wait.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { saleId, saleSchema, type SaleView } from '../sales/sale.schema.js';
import { AdjustmentsService } from './adjustments.service.js';
import {
  adjustedSchema,
  adjustmentSchema,
  saleChangeSchema,
  type AdjustmentBody,
  type AdjustmentView,
  type SaleChangeBody,
} from './control.schema.js';
import { ControlsService } from './controls.service.js';

/** Seconds an adjustment is waited for, unless the client prefers another time. */
const PATIENCE = 5;

@ApiTags('controls')
@Controller('sales/:saleId')
@UseGuards(AdminGuard)
@ApiBearerAuth('admin')
@ApiProblems(
  'VALIDATION_FAILED',
  'ADMIN_KEY_REQUIRED',
  'SALE_NOT_FOUND',
  'SALE_ARCHIVED',
  'POSTGRES_UNAVAILABLE',
)
export class ControlsController {
  constructor(
    private readonly controls: ControlsService,
    private readonly adjustments: AdjustmentsService,
  ) {}

  @Post('pause')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Pause a sale',
    description:
      'Within a second no replica accepts a new checkout (409 `SALE_PAUSED`) or lets anybody out of the waiting room. What was ' +
      'accepted goes on: queued orders are settled, reservations are paid, cancelled or expire. Harmless to repeat.',
  })
  @ApiOkResponse({ standardSchema: saleSchema })
  pause(@Param('saleId', { schema: saleId }) id: string, @AdminName() admin: string): Promise<SaleView> {
    return this.controls.act(id, admin, 'pause');
  }

  @Post('resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Resume a sale', description: 'Within a second. Harmless to repeat.' })
  @ApiOkResponse({ standardSchema: saleSchema })
  resume(@Param('saleId', { schema: saleId }) id: string, @AdminName() admin: string): Promise<SaleView> {
    return this.controls.act(id, admin, 'resume');
  }

  @Post('end')
  @HttpCode(200)
  @ApiOperation({
    summary: 'End a sale now',
    description: 'As if its `endsAt` had come: what was accepted goes on. Harmless to repeat.',
  })
  @ApiOkResponse({ standardSchema: saleSchema })
  end(@Param('saleId', { schema: saleId }) id: string, @AdminName() admin: string): Promise<SaleView> {
    return this.controls.act(id, admin, 'end');
  }

  @Patch()
  @ApiOperation({
    summary: 'Change when a sale ends, its limit per buyer, or the places of its waiting room',
    description: 'Within a second, in all replicas and workers. What is left out stays as it is.',
  })
  @ApiOkResponse({ standardSchema: saleSchema })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'NO_WAITING_ROOM')
  @ApiProblems('BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  change(
    @Param('saleId', { schema: saleId }) id: string,
    @AdminName() admin: string,
    @Body({ schema: saleChangeSchema }) change: SaleChangeBody,
  ): Promise<SaleView> {
    return this.controls.change(id, admin, change);
  }

  @Post('adjustments')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Add units of a SKU, or withdraw them',
    description:
      'A worker does it under the lock of the SKU, so that nothing is sold twice meanwhile. Only units that nobody holds can be ' +
      'withdrawn. The same Idempotency-Key again is the same adjustment: that is also how to learn what became of it.',
  })
  @ApiIdempotencyKey()
  @ApiPreferWait('until it is done; 5 unless given')
  @ApiOkResponse({ standardSchema: adjustedSchema, description: 'Done' })
  @ApiAcceptedResponse({ standardSchema: adjustedSchema, description: 'A worker will do it' })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'IDEMPOTENCY_KEY_MISSING', 'IDEMPOTENCY_KEY_INVALID')
  @ApiProblems('SALE_NOT_FOUND', 'SKU_NOT_FOUND', 'INSUFFICIENT_STOCK', 'TOO_MUCH_STOCK')
  @ApiProblems('BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'IDEMPOTENCY_KEY_REUSED')
  async adjust(
    @Param('saleId', { schema: saleId }) id: string,
    @AdminName() admin: string,
    @IdempotencyKey() idempotencyKey: string,
    @PreferWait() wait: number,
    @Body({ schema: adjustmentSchema }) body: AdjustmentBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AdjustmentView> {
    const adjustment = { saleId: id, admin, idempotencyKey, ...body };
    const patience = { seconds: wait || PATIENCE, signal: whenGone(reply) };
    const view = await this.adjustments.request(adjustment, patience);
    void reply.code(view.status === 'done' ? 200 : 202);
    return view;
  }
}
