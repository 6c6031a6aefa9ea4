import type { Pool } from 'pg';

/**
 * What lies between two commits of a row where its lock passes from one process to another, beyond what lies between two of the same
 * process. A holder is "<process>:<number>".
 */
const HAND_OVER_SQL = `
  WITH commits AS (
    SELECT extract(epoch FROM committed_at - lag(committed_at) OVER chain) * 1000 AS ms,
           split_part(holder, ':', 1) <> lag(split_part(holder, ':', 1)) OVER chain AS passed
    FROM stock_movements WHERE sale_id = $1 AND sku = $2 WINDOW chain AS (ORDER BY version)
  )
  SELECT (percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE passed)
        - percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE NOT passed))::float8 AS ms
  FROM commits`;

/** In milliseconds, the median. Nothing where no process commits twice in a row, or nothing says who does. */
export async function handOverMs(pool: Pool, saleId: string, sku: string): Promise<number | undefined> {
  const { rows } = await pool.query<{ ms: number | null }>(HAND_OVER_SQL, [saleId, sku]);
  return rows[0]!.ms ?? undefined;
}
