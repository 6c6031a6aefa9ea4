import { poolOf } from '@app/database';
import { Controller, Get, Query, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { AdminGuard } from '../admin/admin.guard.js';
import { linkToNext, NEXT_PAGE } from '../http/next-page.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import { actionListQuery, actionSchema, type ActionListQuery, type ActionView } from './control.schema.js';

/**
 * Parameters: the action before which to begin, or null; how many; the sale, where it is of one. Sorted by the column: the number that is
 * told has no index.
 */
const actionsSql = (isWanted: string) => `
  SELECT id::float8, at, admin, action, sale_id AS "saleId", order_id AS "orderId", details FROM admin_actions
  WHERE id < coalesce($1::bigint, ${2n ** 63n - 1n}) AND ${isWanted} ORDER BY admin_actions.id DESC LIMIT $2`;
const ACTIONS_SQL = actionsSql('true');
const ACTIONS_OF_SALE_SQL = actionsSql('sale_id = $3');

@ApiTags('controls')
@Controller('actions')
@UseGuards(AdminGuard)
@ApiBearerAuth('admin')
@ApiProblems('VALIDATION_FAILED', 'ADMIN_KEY_REQUIRED', 'POSTGRES_UNAVAILABLE')
export class ActionsController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  @ApiOperation({
    summary: 'What admins did, of all sales or of one, newest first',
    description: 'The next page is where the header Link says, with the relation `next`.',
  })
  @ApiOkResponse({ standardSchema: actionSchema, isArray: true, headers: NEXT_PAGE })
  async list(
    @Query({ schema: actionListQuery }) { saleId, limit, cursor }: ActionListQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ActionView[]> {
    const sql = saleId === undefined ? ACTIONS_SQL : ACTIONS_OF_SALE_SQL;
    const values = [cursor, limit, ...(saleId === undefined ? [] : [saleId])];
    const { rows } = await fromPostgres(poolOf(this.dataSource).query<ActionView>(sql, values));
    if (rows.length === limit) linkToNext(reply, '/actions', { saleId, limit, cursor: rows.at(-1)!.id });
    return rows;
  }
}
