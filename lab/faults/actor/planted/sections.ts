import { PlainStore, type Database, type StockStore } from '@app/inventory';

type Key = Parameters<StockStore['read']>[0];
type Change = Parameters<StockStore['write']>[0];
type StockRow = Awaited<ReturnType<StockStore['read']>>;

const RAISE_SQL = `
  UPDATE stock SET fence_token = $3, fence_holder = $4 WHERE sale_id = $1 AND sku = $2 AND fence_token <= $3
  RETURNING available, version`;

/** Stock, one order and movement. Parameters: sale, SKU, token, holder, what is left, units, what was read, and of the order. */
const WRITE_SQL = `
  WITH written AS (
    UPDATE stock SET available = $5, fence_token = $3, fence_holder = $4, version = version + 1
    WHERE sale_id = $1 AND sku = $2 AND fence_token <= $3 RETURNING available, version
  ), settled AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, reason, idempotency_key, accepted_at)
    SELECT $1, $2, $8::uuid, $9, $10::int, $11, $12, $13, now() FROM written
  ), moved AS (
    INSERT INTO stock_movements (sale_id, sku, stripe, version, units, before, after, token, holder)
    SELECT $1, $2, 0, version, $6::int, $7::int, available, $3, $4 FROM written
  )
  SELECT available FROM written`;

/** The token is written down, and guards nothing. */
export const unfenced = (database: Database): StockStore => new PlainStore(database, 'read-modify-write');

/**
 * The token guards the write alone, as in most drawings of a fence: until the new holder writes, the row does not know
 * that there is one.
 */
export const fencedOnlyInWrite = (database: Database): StockStore => ({
  read: (key) => unfenced(database).read(key),
  restock: (...work) => unfenced(database).restock(...work),
  async write({ key, read: { available }, units, settled: [settled] }: Change) {
    const { order, outcome } = settled!;
    const reason = 'reason' in outcome ? outcome.reason : null;
    const { orderId, buyerId, quantity, idempotencyKey } = order;
    const { rows } = await database.query<{ available: number }>({
      name: 'write fenced by token',
      text: WRITE_SQL,
      values: [
        ...leaseOf(key),
        available - units,
        units,
        available,
        orderId,
        buyerId,
        quantity,
        outcome.status,
        reason,
        idempotencyKey,
      ],
    });
    return rows[0]?.available;
  },
});

/** The fence is raised with the read, but one token of two holders passes for one holder's. */
export const tokenWithoutHolder = (database: Database): StockStore => ({
  ...fencedOnlyInWrite(database),
  async read(key: Key) {
    const statement = { name: 'read fenced by token', text: RAISE_SQL, values: leaseOf(key) };
    const { rows } = await database.query<StockRow>(statement);
    if (!rows[0]) throw new Error('refused by the fence');
    return rows[0];
  },
});

const leaseOf = ({ saleId, sku, lease }: Key) => [saleId, sku, lease?.token, lease?.holder];
