import { call } from './http.js';

export interface Totals {
  readonly initial: number;
  readonly available: number;
  readonly held: number;
  readonly sold: number;
  readonly rejected: number;
  readonly pending: number;
  readonly oversold: number;
  readonly lostUpdates: number;
}

/** GET /sales/:saleId/live */
export interface Live {
  readonly at: number;
  readonly state: 'scheduled' | 'open' | 'paused' | 'ended';
  readonly total: Totals;
  readonly settled: number;
  readonly locks: { readonly holder: string | null; readonly waiters: readonly string[] | null }[] | null;
}

export interface Sale {
  readonly id: string;
  readonly strategy: string;
}

export const watchSale = (key: string, saleId: string) => call<Live>(`/sales/${saleId}/live`, key);

export const createSale = (key: string, strategy: string, stock: number) =>
  call<Sale>('/sales', key, 'POST', {
    name: `dashboard, ${strategy}`,
    strategy,
    items: [{ sku: 'hot', stock }],
  });

export type SaleAction = 'pause' | 'resume' | 'end';

export const controlSale = (key: string, saleId: string, action: SaleAction) =>
  call(`/sales/${saleId}/${action}`, key, 'POST');

export const adjustStock = (key: string, saleId: string, units: number, idempotencyKey: string) =>
  call(
    `/sales/${saleId}/adjustments`,
    key,
    'POST',
    { sku: 'hot', units },
    { 'Idempotency-Key': idempotencyKey },
  );

interface OpenApi {
  components: { schemas: { Sale: { properties: { strategy: { enum: string[] } } } } };
}

/** Those that the API documents, so that no list of them has to be kept here. */
export async function strategies(key: string): Promise<string[]> {
  const { components } = await call<OpenApi>('/docs-json', key);
  return components.schemas.Sale.properties.strategy.enum;
}
