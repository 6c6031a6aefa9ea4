import { SaleCatalog } from '@app/inventory';
import { Controller, Get, Param, Query, Res, StreamableFile, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AdminGuard } from '../admin/admin.guard.js';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { buyerOf } from '../buyers/buyer-id.js';
import { CalledBy, type Caller } from '../buyers/caller.js';
import { linkToNext, NEXT_PAGE } from '../http/next-page.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { ReadPaceGuard } from '../limits/read-pace.guard.js';
import { refuseArchived } from '../sales/find-sale.js';
import { saleId } from '../sales/sale.schema.js';
import { CONTENT_TYPES, exportOf } from './order-export.js';
import {
  exportQuery,
  listedOrderExample,
  listedOrderSchema,
  listedOrderShape,
  ofBuyerQuery,
  ofSaleQuery,
  type ExportQuery,
  type ListedOrder,
  type OfBuyerQuery,
  type OfSaleQuery,
} from './order-list.schema.js';
import { OrderListService, type OrderFilter } from './order-list.service.js';

const NEWEST_FIRST =
  'Settled orders, newest first; a queued one is not in it yet. The next page is where the header Link says, with the relation `next`.';

/** Of each kind of file, a line. */
const LISTED = z.toJSONSchema(z.object(listedOrderShape), { target: 'openapi-3.0' }) as object;
const FILES = {
  'application/x-ndjson': { schema: LISTED, example: listedOrderExample },
  'text/csv': { schema: { type: 'string' as const, example: 'orderId,saleId,sku\r\n' } },
};

@ApiTags('orders')
@Controller()
@ApiProblems('VALIDATION_FAILED', 'POSTGRES_UNAVAILABLE')
export class OrderListsController {
  constructor(
    private readonly lists: OrderListService,
    private readonly catalog: SaleCatalog,
  ) {}

  @Get('orders')
  @UseGuards(ReadPaceGuard, BuyerGuard)
  @ApiBearerAuth('buyer')
  @ApiOperation({ summary: 'The orders of a buyer', description: NEWEST_FIRST })
  @ApiOkResponse({ standardSchema: listedOrderSchema, isArray: true, headers: NEXT_PAGE })
  @ApiProblems('BUYER_TOKEN_REQUIRED', 'BUYER_MISMATCH', 'BUYER_KEYS_UNAVAILABLE')
  @ApiProblems('ORDER_NOT_FOUND', 'RATE_LIMITED', 'READS_OVERLOADED')
  async ofBuyer(
    @CalledBy() caller: Caller,
    @Query({ schema: ofBuyerQuery }) { limit, cursor, ...filter }: OfBuyerQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ListedOrder[]> {
    const buyerId = buyerOf(caller, filter.buyerId);
    const orders = await this.lists.page({ ...filter, buyerId }, limit, cursor);
    if (orders.length === limit)
      linkToNext(reply, '/orders', { ...filter, limit, cursor: orders.at(-1)!.orderId });
    return orders;
  }

  @Get('sales/:saleId/orders')
  @UseGuards(AdminGuard)
  @ApiBearerAuth('admin')
  @ApiOperation({ summary: 'The orders of a sale, for admins', description: NEWEST_FIRST })
  @ApiOkResponse({ standardSchema: listedOrderSchema, isArray: true, headers: NEXT_PAGE })
  @ApiProblems('ADMIN_KEY_REQUIRED', 'ORDER_NOT_FOUND', 'SALE_ARCHIVED')
  async ofSale(
    @Param('saleId', { schema: saleId }) id: string,
    @Query({ schema: ofSaleQuery }) { limit, cursor, ...filter }: OfSaleQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ListedOrder[]> {
    await refuseArchived(this.catalog, id);
    const orders = await this.lists.page({ ...filter, saleId: id }, limit, cursor);
    if (orders.length === limit)
      linkToNext(reply, `/sales/${id}/orders`, { ...filter, limit, cursor: orders.at(-1)!.orderId });
    return orders;
  }

  @Get('sales/:saleId/orders/export')
  @UseGuards(AdminGuard)
  @ApiBearerAuth('admin')
  @ApiOperation({
    summary: 'All orders of a sale as a file, for admins',
    description: 'An order in each line, newest first. If it breaks off, the connection does, too.',
  })
  @ApiOkResponse({ content: FILES })
  @ApiProblems('ADMIN_KEY_REQUIRED', 'SALE_ARCHIVED')
  async export(
    @Param('saleId', { schema: saleId }) id: string,
    @Query({ schema: exportQuery }) { format, ...filter }: ExportQuery,
  ): Promise<StreamableFile> {
    const file = await exportOf(this.#whole({ ...filter, saleId: id }), format);
    const disposition = `attachment; filename="orders-${id}.${format}"`;
    return new StreamableFile(file, { type: CONTENT_TYPES[format], disposition });
  }

  /** Of a sale that is archived meanwhile a part is gone: the file breaks off, since it must not look whole. */
  async *#whole(filter: OrderFilter & { readonly saleId: string }): AsyncGenerator<ListedOrder[]> {
    for await (const page of this.lists.all(filter)) {
      await refuseArchived(this.catalog, filter.saleId);
      yield page;
    }
    await refuseArchived(this.catalog, filter.saleId);
  }
}
