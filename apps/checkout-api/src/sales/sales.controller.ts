import { Body, Controller, Get, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminGuard, AdminName } from '../admin/admin.guard.js';
import { ApiIdempotencyKey, OptionalIdempotencyKey } from '../http/idempotency-key.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { share } from '../http/shared-answer.js';
import { ReadPaceGuard } from '../limits/read-pace.guard.js';
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

const text = { schema: { type: 'string' as const } };
/** Headers of a public read. */
const CACHED = { ETag: { ...text, required: true }, 'Cache-Control': { ...text, required: true } };
const NEXT = { Link: text };
const UNCHANGED = { status: 304, description: 'What the client has, by its If-None-Match, is still right' };

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
  @ApiOperation({
    summary: 'Open a sale',
    description:
      'With an Idempotency-Key, asking again answers with the same sale instead of opening another.',
  })
  @ApiIdempotencyKey({ required: false })
  @ApiCreatedResponse({ standardSchema: saleSchema })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'IDEMPOTENCY_KEY_INVALID', 'ADMIN_KEY_REQUIRED')
  @ApiProblems('BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  @ApiProblems('STRATEGY_UNKNOWN', 'STRATEGY_UNSAFE', 'STRATEGY_UNAVAILABLE', 'IDEMPOTENCY_KEY_REUSED')
  @ApiProblems('LOCK_STORE_UNAVAILABLE', 'POSTGRES_UNAVAILABLE')
  create(
    @AdminName() admin: string,
    @OptionalIdempotencyKey() key: string | undefined,
    @Body({ schema: newSaleSchema }) sale: NewSale,
  ): Promise<SaleView> {
    return this.sales.create(sale, admin, key);
  }

  @Get()
  @UseGuards(ReadPaceGuard)
  @ApiOperation({
    summary: 'The newest sales, newest first',
    description: 'About a second old. The next page is where the header Link says, with the relation `next`.',
  })
  @ApiOkResponse({ standardSchema: saleSchema, isArray: true, headers: { ...CACHED, ...NEXT } })
  @ApiResponse(UNCHANGED)
  @ApiProblems('VALIDATION_FAILED', 'SALE_NOT_FOUND', 'SALE_ARCHIVED')
  @ApiProblems('RATE_LIMITED', 'READS_OVERLOADED', 'POSTGRES_UNAVAILABLE')
  async list(
    @Query({ schema: saleListQuery }) { limit, cursor }: SaleListQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    const page = await this.sales.newest(limit, cursor);
    if (page.last) void reply.header('link', `</sales?limit=${limit}&cursor=${page.last}>; rel="next"`);
    return share(reply, page);
  }

  @Get(':saleId')
  @UseGuards(ReadPaceGuard)
  @ApiOperation({
    summary: 'One sale, with what is left of each SKU',
    description: 'About a second old, and older where counting takes longer than a tenth of that.',
  })
  @ApiOkResponse({ standardSchema: saleSchema, headers: CACHED })
  @ApiResponse(UNCHANGED)
  @ApiProblems('VALIDATION_FAILED', 'SALE_NOT_FOUND', 'SALE_ARCHIVED')
  @ApiProblems('RATE_LIMITED', 'READS_OVERLOADED', 'POSTGRES_UNAVAILABLE')
  async get(
    @Param('saleId', { schema: saleId }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    return share(reply, await this.sales.get(id));
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
  @ApiProblems('VALIDATION_FAILED', 'ADMIN_KEY_REQUIRED', 'SALE_NOT_FOUND', 'SALE_ARCHIVED')
  @ApiProblems('POSTGRES_UNAVAILABLE', 'REDIS_UNAVAILABLE')
  watch(@Param('saleId', { schema: saleId }) id: string): Promise<LiveView> {
    return this.live.of(id);
  }
}
