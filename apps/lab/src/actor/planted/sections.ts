import { CriticalSection } from '@app/inventory';
import type { Lease } from '@app/lock';

type Section = typeof CriticalSection;
type Read = CriticalSection['read'];
type Write = CriticalSection['write'];
type StockRow = Awaited<ReturnType<Read>>;

const RAISE_SQL = `
  UPDATE stock SET fence_token = $3, fence_holder = $4 WHERE sale_id = $1 AND sku = $2 AND fence_token <= $3
  RETURNING available, version`;

/** Stock, one order and movement. Parameters: sale, SKU, token, holder, what is left, units, what was read, and of the order. */
const WRITE_SQL = `
  WITH written AS (
    UPDATE stock SET available = $5, fence_token = $3, fence_holder = $4
    WHERE sale_id = $1 AND sku = $2 AND fence_token <= $3 RETURNING available
  ), settled AS (
    INSERT INTO orders (sale_id, sku, id, buyer_id, quantity, status, reason, idempotency_key, accepted_at)
    SELECT $1, $2, $8::uuid, $9, $10::int, $11, $12, $13, now() FROM written
  ), moved AS (
    INSERT INTO stock_movements (sale_id, sku, stripe, units, before, after, token, holder)
    SELECT $1, $2, 0, $6::int, $7::int, available, $3, $4 FROM written
  )
  SELECT available FROM written`;

/** The token is written down, and guards nothing. */
export class Unfenced extends CriticalSection {
  protected override readonly mode = 'read-modify-write';
}

/**
 * The token guards the write alone, as in most drawings of a fence: until the new holder writes, the row does not know
 * that there is one.
 */
export class FencedOnlyInWrite extends Unfenced {
  constructor(
    pool: ConstructorParameters<Section>[0],
    target: ConstructorParameters<Section>[1],
    protected readonly ours: Lease,
  ) {
    super(pool, target, ours);
  }

  protected get fenced(): unknown[] {
    return [this.target.saleId, this.target.sku, this.ours.token, this.ours.holder];
  }

  override async write(
    ...[database, [order], [outcome], units, { available }]: Parameters<Write>
  ): ReturnType<Write> {
    this.ours.throwIfLost();
    const { orderId, buyerId, quantity, idempotencyKey } = order!;
    const reason = 'reason' in outcome! ? outcome.reason : null;
    const stock = [available - units, units, available];
    const settled = [orderId, buyerId, quantity, outcome!.status, reason, idempotencyKey];
    const { rows } = await database.query<{ available: number }>({
      name: 'write fenced by token',
      text: WRITE_SQL,
      values: this.fenced.concat(stock, settled),
    });
    if (!rows[0]) throw new Error('refused by the fence');
    return rows[0].available;
  }
}

/** The fence is raised with the read, but one token of two holders passes for one holder's. */
export class TokenWithoutHolder extends FencedOnlyInWrite {
  override async read(database: Parameters<Read>[0]): ReturnType<Read> {
    const values = this.fenced;
    const { rows } = await database.query<StockRow>({
      name: 'read fenced by token',
      text: RAISE_SQL,
      values,
    });
    if (!rows[0]) throw new Error('refused by the fence');
    return rows[0];
  }
}
