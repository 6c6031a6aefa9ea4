import type { Stack } from '../../../local/stack/stack.js';

/** Opens a sale; `items` gives the stock of each SKU, `time` when it begins and ends, and how long a reservation lasts. Returns its id. */
export async function openSale(
  { apiUrls, adminKey }: Stack,
  strategy: string,
  items: Record<string, number>,
  time: {
    readonly startsAt?: string;
    readonly endsAt?: string;
    readonly reservationTtlSeconds?: number;
  } = {},
): Promise<string> {
  const response = await fetch(`${apiUrls[0]}/sales`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${adminKey}` },
    body: JSON.stringify({
      name: 'benchmark',
      strategy,
      ...time,
      items: Object.entries(items).map(([sku, stock]) => ({ sku, stock })),
    }),
  });
  if (response.status !== 201) throw new Error(`no sale: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}
