import { poolOf } from '@app/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { fromPostgres } from '../http/problems/unavailable.js';

/** What an admin does with an order. */
export interface OrderAction {
  readonly admin: string;
  readonly action: string;
  readonly saleId: string;
  readonly orderId: string;
}

/** Parameters: admin, action, sale, order. */
const TELL_SQL = 'INSERT INTO admin_actions (admin, action, sale_id, order_id) VALUES ($1, $2, $3, $4)';

/**
 * Tells who does what outside Postgres. It is told before it is done, since no transaction holds both: what the trail does not
 * know was not done.
 */
@Injectable()
export class AdminTrail {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws {ProblemError} POSTGRES_UNAVAILABLE */
  async tell({ admin, action, saleId, orderId }: OrderAction): Promise<void> {
    await fromPostgres(poolOf(this.dataSource).query(TELL_SQL, [admin, action, saleId, orderId]));
  }
}
