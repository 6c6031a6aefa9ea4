import type { Lease } from '@app/lock';
import type { Pool, PoolClient } from 'pg';
import { Exclusion } from '../batching/exclusion.js';
import type { LockingOptions, SaleRules } from '../batching/options.js';
import { modeOf } from '../section/critical-section.js';
import { PlainStore } from '../section/plain-store.js';
import { resourcesOf } from '../section/resource.js';
import { transaction } from '../section/transaction.js';
import { ADD_UNITS_SQL, AVAILABLE, HOLD_RETURNS_SQL, REMOVE_UNITS_SQL } from '../section/unit-sql.js';
import type { SectionTarget } from '../section/section-target.js';
import { hasUnitRows, MAX_UNIT_ROWS, strategyOf } from '../strategies.js';
import { spread } from '../stripes/all-stripes.js';
import type { AdjustmentRefusal, PendingAdjustment } from './adjustments.js';

/** Most units of a SKU: Postgres's `integer` has room for twice as many. */
const maxStockOf = ({ write }: SectionTarget) => (hasUnitRows(write) ? MAX_UNIT_ROWS : 1_000_000_000);

/** Locks all rows of a SKU. Parameters: sale, SKU. */
const ENTER_SQL = `
  SELECT initial, ${AVAILABLE} AS available FROM stock WHERE sale_id = $1 AND sku = $2 ORDER BY stripe FOR UPDATE`;

const PENDING_SQL = `SELECT units FROM stock_adjustments WHERE id = $1 AND status = 'pending' FOR UPDATE`;

const REFUSE_SQL = `
  UPDATE stock_adjustments SET status = 'refused', reason = $2, initial = $3, available = $4, decided_at = clock_timestamp()
  WHERE id = $1`;

/**
 * Changes the stock by so many units in each row, with a movement for each, and ends the adjustment. Parameters: sale, SKU; of each
 * row its units, token and holder; the adjustment; initial and available units of the SKU after that.
 */
const ADJUST_SQL = `
  WITH given AS (
    SELECT stripe - 1 AS stripe, units, token, holder
    FROM unnest($3::int[], $4::bigint[], $5::text[]) WITH ORDINALITY AS given (units, token, holder, stripe)
    WHERE units <> 0
  ), written AS (
    UPDATE stock SET initial = initial + given.units, available = available + given.units, version = version + 1
    FROM given WHERE sale_id = $1 AND sku = $2 AND stock.stripe = given.stripe
    RETURNING stock.stripe, given.units, available, version, token, holder
  ), moved AS (
    INSERT INTO stock_movements (sale_id, sku, stripe, version, units, before, after, token, holder, adjustment_id)
    SELECT $1, $2, stripe, version, -units, available - units, available, token, holder, $6 FROM written
  ), done AS (
    UPDATE stock_adjustments SET status = 'done', initial = $7, available = $8, decided_at = clock_timestamp() WHERE id = $6
  )
  SELECT stripe, version, units FROM written`;

interface StripeRow {
  readonly initial: number;
  readonly available: number;
}

/** A stock row that was changed. */
export interface Adjusted {
  readonly stripe: number;
  /** Of the row after that. */
  readonly version: string;
  /** That it got; below zero: that it lost. */
  readonly units: number;
}

/**
 * Carries an adjustment out, once however often it is called: under the locks and fences of all rows of the SKU, in one transaction.
 * Initial stock, available units and movements change together, so the audit stays exact at every moment. Returns the rows changed.
 */
export async function carryOut(
  options: LockingOptions & { readonly pool: Pool },
  { id, saleId, sku }: PendingAdjustment,
  { strategy, stripes }: SaleRules,
): Promise<Adjusted[]> {
  const exclusion = new Exclusion(strategy, options);
  const target: SectionTarget = { saleId, sku, write: strategyOf(strategy).write, perBuyerLimit: null };
  const work = (...leases: Lease[]) =>
    transaction(options.pool, (client) => adjust(client, { target, stripes, leases }, id));
  for (let failures = 1; ; failures++) {
    try {
      return await exclusion.run(resourcesOf(target, stripes), work);
    } catch (error) {
      const unsolved = await exclusion.unsolved(error, failures);
      if (unsolved) throw unsolved as Error;
    }
  }
}

interface Held {
  readonly target: SectionTarget;
  readonly stripes: number;
  /** One per stripe if the strategy locks, else none. */
  readonly leases: readonly Lease[];
}

async function adjust(client: PoolClient, held: Held, id: string): Promise<Adjusted[]> {
  const { saleId, sku } = held.target;
  await keepOthersAway(client, held);
  const { rows } = await client.query<StripeRow>(ENTER_SQL, [saleId, sku]);
  const [pending] = (await client.query<{ units: number }>(PENDING_SQL, [id])).rows;
  if (!pending) return []; // somebody else was faster
  const { units } = pending;
  const initial = sum(rows.map((row) => row.initial));
  const available = sum(rows.map((row) => row.available));
  const reason = refusal(held, units, initial, available) ?? (await moveUnitRows(client, held.target, units));
  if (reason) {
    await client.query(REFUSE_SQL, [id, reason, initial, available]);
    return [];
  }
  for (const lease of held.leases) lease.throwIfLost();
  const { rows: adjusted } = await client.query<Adjusted>(ADJUST_SQL, [
    saleId,
    sku,
    sharesOf(units, rows),
    rows.map((_, stripe) => held.leases[stripe]?.token),
    rows.map((_, stripe) => held.leases[stripe]?.holder),
    id,
    initial + units,
    available + units,
  ]);
  return adjusted;
}

/** Whoever held the locks before can write no more. Of units that have rows, none comes back meanwhile. */
async function keepOthersAway(client: PoolClient, { target, stripes, leases }: Held): Promise<void> {
  const mode = modeOf(target, leases[0]);
  const { saleId, sku, write } = target;
  if (hasUnitRows(write)) await client.query(HOLD_RETURNS_SQL, [saleId, sku, 0]);
  if (mode !== 'fenced') return;
  const store = new PlainStore(client, mode);
  for (const [stripe, lease] of leases.entries())
    await store.read({ saleId, sku, stripe: stripes === 1 ? undefined : stripe, lease });
}

function refusal(
  { target }: Held,
  units: number,
  initial: number,
  available: number,
): AdjustmentRefusal | undefined {
  if (available + units < 0) return 'INSUFFICIENT_STOCK';
  return initial + units > maxStockOf(target) ? 'TOO_MUCH_STOCK' : undefined;
}

/** Adds or removes the rows of units, where they have some. Others sell at the same time: there may be too few now. */
async function moveUnitRows(
  client: PoolClient,
  { saleId, sku, write }: SectionTarget,
  units: number,
): Promise<AdjustmentRefusal | undefined> {
  if (!hasUnitRows(write)) return undefined;
  const sql = units < 0 ? REMOVE_UNITS_SQL : ADD_UNITS_SQL;
  const { rowCount } = await client.query(sql, [saleId, sku, Math.abs(units)]);
  return rowCount === 0 ? 'INSUFFICIENT_STOCK' : undefined;
}

/** Spreads new units evenly, as those of a new sale are. Takes units where most are. */
function sharesOf(units: number, rows: readonly StripeRow[]): number[] {
  if (units < 0) return spread(-units, rows).map((share) => -share);
  const all = rows.length;
  return rows.map((_, stripe) => Math.floor(units / all) + Number(stripe < units % all));
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
