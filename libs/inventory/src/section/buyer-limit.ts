import type { OrderRequest } from '@app/orders';
import type { Supply } from './allocate.js';
import { HELD_SQL, LOCK_BUYERS_SQL } from './stock-sql.js';
import type { Database } from './transaction.js';

export type BuyerLimit = Pick<Supply, 'perBuyerLimit' | 'held'>;

/** Reads how much these buyers may hold and do hold. Locks them: until the transaction ends, nobody else sells to them. */
export async function buyerLimit(
  transaction: Database,
  saleId: string,
  perBuyerLimit: number | null,
  orders: readonly OrderRequest[],
): Promise<BuyerLimit> {
  if (perBuyerLimit === null) return {};
  const values = [saleId, orders.map(({ buyerId }) => buyerId)];
  await transaction.query(LOCK_BUYERS_SQL, values);
  const { rows } = await transaction.query<{ buyer_id: string; units: number }>(HELD_SQL, values);
  return { perBuyerLimit, held: new Map(rows.map(({ buyer_id, units }) => [buyer_id, units])) };
}
