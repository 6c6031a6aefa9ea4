import { poolOf } from '@app/database';
import type { DataSource } from 'typeorm';
import { LOOKUP_TIMEOUT } from '../core/look-up.js';

export const BUYER_OF_ORDER = {
  name: 'buyer-of-order',
  text: 'SELECT buyer_id FROM orders WHERE id = $1',
  query_timeout: LOOKUP_TIMEOUT,
};

/** The buyer of an order, if it is settled. */
export async function buyerOfSettled(dataSource: DataSource, orderId: string): Promise<string | undefined> {
  const query = { ...BUYER_OF_ORDER, values: [orderId] };
  return (await poolOf(dataSource).query<{ buyer_id: string }>(query)).rows[0]?.buyer_id;
}
