import type { Pool } from 'pg';

/** What an admin may do to a running sale. Each is harmless to repeat. */
export type SaleAction = 'pause' | 'resume' | 'end' | 'change';

/** What `change` changes; what is absent stays. */
export interface SaleChange {
  /** Null: it never ends. */
  readonly endsAt?: string | null;
  /** Null: there is no limit. */
  readonly perBuyerLimit?: number | null;
  /** Only where the sale has a waiting room. */
  readonly waitingRoom?: { readonly places: number };
}

export interface SaleControl {
  readonly saleId: string;
  readonly admin: string;
  readonly action: SaleAction;
  readonly change?: SaleChange;
}

/** Parameters: sale; the change as JSON. */
const CHANGES: Record<SaleAction, string> = {
  pause: 'UPDATE sales SET paused_at = clock_timestamp() WHERE id = $1 AND paused_at IS NULL',
  resume: 'UPDATE sales SET paused_at = NULL WHERE id = $1 AND paused_at IS NOT NULL',
  end: `
    UPDATE sales SET ends_at = clock_timestamp()
    WHERE id = $1 AND (ends_at IS NULL OR ends_at > clock_timestamp())`,
  change: `
    UPDATE sales SET
      ends_at = CASE WHEN $2::jsonb ? 'endsAt' THEN ($2::jsonb ->> 'endsAt')::timestamptz ELSE ends_at END,
      per_buyer_limit =
        CASE WHEN $2::jsonb ? 'perBuyerLimit' THEN ($2::jsonb ->> 'perBuyerLimit')::int ELSE per_buyer_limit END,
      waiting_room =
        CASE WHEN $2::jsonb ? 'waitingRoom' THEN waiting_room || ($2::jsonb -> 'waitingRoom') ELSE waiting_room END
    WHERE id = $1`,
};

/** Changes the sale and tells who did it, in one statement. What changes nothing is not told. */
export async function controlSale(
  pool: Pool,
  { saleId, admin, action, change = {} }: SaleControl,
): Promise<void> {
  const sql = `
    WITH given AS (SELECT $2::jsonb AS change), changed AS (${CHANGES[action]} RETURNING id)
    INSERT INTO admin_actions (sale_id, admin, action, details)
    SELECT id, $3, $4, change FROM changed, given`;
  await pool.query(sql, [saleId, JSON.stringify(change), admin, action]);
}
