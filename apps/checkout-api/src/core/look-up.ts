import type { AdmissionRules, Stored } from '@app/checkout-queue';
import { poolOf } from '@app/database';
import { lookAtStock } from '@app/inventory';
import type { DataSource } from 'typeorm';
import { fromPostgres } from '../http/problems/unavailable.js';

/** Milliseconds a lookup of orders may take; a Postgres that hangs must not keep its clients hanging. */
export const LOOKUP_TIMEOUT = 2_000;

/**
 * Parameters: ids of several orders, and the sale of each. ORDER BY keeps Postgres from reading all orders of all sales until it finds
 * one of a sale: of a new sale it finds none.
 */
export const LOOK_UP = {
  name: 'look-up',
  text: `
    SELECT CASE
      WHEN EXISTS (SELECT FROM orders WHERE orders.id = asked.id) THEN 'stored'
      WHEN (SELECT true FROM orders WHERE orders.sale_id = asked.sale_id ORDER BY sale_id, status LIMIT 1) THEN 'unstored'
      ELSE 'first' END AS stored
    FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (id, sale_id, number) ORDER BY number`,
  query_timeout: LOOKUP_TIMEOUT,
};

/** Asks Postgres about orders whose keys Redis may have forgotten. Rejects with POSTGRES_UNAVAILABLE. */
export const lookUpIn =
  (dataSource: DataSource): AdmissionRules['lookUp'] =>
  async (orders) => {
    const values = [orders.map(({ orderId }) => orderId), orders.map(({ saleId }) => saleId)];
    const { rows } = await fromPostgres(poolOf(dataSource).query<{ stored: Stored }>({ ...LOOK_UP, values }));
    return rows.map(({ stored }) => stored);
  };

/** The same of the stock of a SKU that is counted in Redis. */
export const lookAtStockIn =
  (dataSource: DataSource): AdmissionRules['lookAtStock'] =>
  (sku, orderIds) =>
    fromPostgres(lookAtStock(poolOf(dataSource), sku, orderIds));
