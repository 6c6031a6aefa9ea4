import autocannon, { type Request, type Result } from 'autocannon';
import { randomUUID } from 'node:crypto';

export interface Checkout {
  readonly path: string;
  readonly sku: string;
  /** Of all of them; unless given, each is of another buyer. */
  readonly buyerId?: string;
  /** The header Prefer: what the buyer waits for. */
  readonly prefer?: string;
}

/**
 * Sends so many checkouts in a closed loop on so many connections, these in turn. Resolves to how many were answered with each status, and when the last one was, by
 * `Date.now()`: autocannon itself looks once a second whether all are there.
 */
export async function send(url: string, checkouts: readonly Checkout[], amount: number, connections: number) {
  const requests = checkouts.map(({ path, sku, buyerId, prefer }) => {
    const headers = { 'content-type': 'application/json', ...(prefer && { prefer }) };
    return {
      method: 'POST' as const,
      path,
      headers,
      setupRequest: (request: Request): Request => ({
        ...request,
        headers: { ...headers, 'idempotency-key': randomUUID() },
        body: JSON.stringify({ sku, quantity: 1, buyerId: buyerId ?? randomUUID() }),
      }),
    };
  });
  let answeredAt = Date.now();
  const { statusCodeStats = {} } = await new Promise<Result>((resolve, reject) => {
    const ended = (error: Error | null, result: Result) => (error ? reject(error) : resolve(result));
    const sending = autocannon({ url, connections, amount, requests }, ended);
    sending.on('response', () => (answeredAt = Date.now()));
  });
  const counts = Object.entries(statusCodeStats).map(
    ([status, { count = 0 }]) => [Number(status), count] as const,
  );
  return { answers: new Map(counts), answeredAt };
}
