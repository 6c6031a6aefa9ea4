import type { Pool } from 'pg';

/** The rows of a SKU, and which of some orders are settled, at one moment. */
interface StockLook {
  readonly rows: readonly { readonly stripe: number; readonly version: string; readonly available: number }[];
  readonly settled: readonly string[];
}

/** One statement, hence one snapshot. Parameters: sale, SKU, order ids. */
const LOOK = {
  text: `
    SELECT ARRAY(SELECT id FROM orders WHERE id = ANY ($3::uuid[])) AS settled,
      coalesce(json_agg(json_build_object('stripe', stripe, 'version', version::text, 'available', available)), '[]') AS rows
    FROM stock WHERE sale_id = $1 AND sku = $2`,
  query_timeout: 2_000, // milliseconds: checkouts wait for it
};

/** Looks at the stock of a SKU, and at the orders that are said to be on their way to it. */
export async function lookAtStock(
  pool: Pool,
  { saleId, sku }: { readonly saleId: string; readonly sku: string },
  orderIds: readonly string[],
): Promise<StockLook> {
  const { rows } = await pool.query<StockLook>({ ...LOOK, values: [saleId, sku, orderIds] });
  return rows[0]!;
}
