import { Body, Controller, Get, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminGuard } from '../admin/admin.guard.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { auditSchema, type AuditView } from './audit.schema.js';
import { AuditService } from './audit.service.js';
import { liveSchema, type LiveView } from './live.schema.js';
import { LiveService } from './live.service.js';
import {
  newSaleSchema,
  saleId,
  saleListQuery,
  saleSchema,
  type NewSale,
  type SaleListQuery,
  type SaleView,
} from './sale.schema.js';
import { SalesService } from './sales.service.js';

@ApiTags('sales')
@Controller('sales')
export class SalesController {
  constructor(
    private readonly sales: SalesService,
    private readonly audits: AuditService,
    private readonly live: LiveService,
  ) {}

  @Post()
  @UseGuards(AdminGuard)
  @ApiBearerAuth('admin')
  @ApiOperation({ summary: 'Open a sale' })
  @ApiCreatedResponse({ standardSchema: saleSchema })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'ADMIN_KEY_REQUIRED', 'BODY_TOO_LARGE')
  @ApiProblems('UNSUPPORTED_MEDIA_TYPE', 'STRATEGY_UNKNOWN', 'STRATEGY_UNSAFE', 'STRATEGY_UNAVAILABLE')
  @ApiProblems('LOCK_STORE_UNAVAILABLE', 'POSTGRES_UNAVAILABLE')
  create(@Body({ schema: newSaleSchema }) sale: NewSale): Promise<SaleView> {
    return this.sales.create(sale);
  }

  @Get()
  @ApiOperation({ summary: 'The newest sales, newest first' })
  @ApiOkResponse({ standardSchema: saleSchema, isArray: true })
  @ApiProblems('VALIDATION_FAILED', 'POSTGRES_UNAVAILABLE')
  list(@Query({ schema: saleListQuery }) { limit }: SaleListQuery): Promise<SaleView[]> {
    return this.sales.newest(limit);
  }

  @Get(':saleId')
  @ApiOperation({ summary: 'One sale, with what is left of each SKU' })
  @ApiOkResponse({ standardSchema: saleSchema })
  @ApiProblems('VALIDATION_FAILED', 'SALE_NOT_FOUND', 'POSTGRES_UNAVAILABLE')
  get(@Param('saleId', { schema: saleId }) id: string): Promise<SaleView> {
    return this.sales.get(id);
  }

  @Get(':saleId/audit')
  @UseGuards(AdminGuard)
  @ApiBearerAuth('admin')
  @ApiOperation({ summary: 'The truth about a sale, from one snapshot of the database' })
  @ApiOkResponse({ standardSchema: auditSchema })
  @ApiProblems(
    'VALIDATION_FAILED',
    'ADMIN_KEY_REQUIRED',
    'SALE_NOT_FOUND',
    'REDIS_UNAVAILABLE',
    'POSTGRES_UNAVAILABLE',
  )
  audit(@Param('saleId', { schema: saleId }) id: string): Promise<AuditView> {
    return this.audits.of(id);
  }

  @Get(':saleId/live')
  @UseGuards(AdminGuard)
  @ApiBearerAuth('admin')
  @ApiOperation({ summary: 'What a sale looks like at this moment, with who holds its locks and who waits' })
  @ApiOkResponse({ standardSchema: liveSchema })
  @ApiProblems('VALIDATION_FAILED', 'ADMIN_KEY_REQUIRED', 'SALE_NOT_FOUND')
  @ApiProblems('POSTGRES_UNAVAILABLE', 'REDIS_UNAVAILABLE')
  watch(@Param('saleId', { schema: saleId }) id: string): Promise<LiveView> {
    return this.live.of(id);
  }
}
