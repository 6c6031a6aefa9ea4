import { randomUUID } from 'node:crypto';

/** One buyer who waits for the outcome, ten seconds at most. */
export const checkOut = (url: string, saleId: string, sku: string): Promise<Response> =>
  fetch(`${url}/sales/${saleId}/checkouts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), prefer: 'wait=10' },
    body: JSON.stringify({ sku, quantity: 1, buyerId: randomUUID() }),
  });
