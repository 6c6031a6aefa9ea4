// What the load tests have to know of the shops in this folder: npm run load-test -- flash-sale --target examples/target.ts
import type { Target } from '../load-tests/lib/target.ts';

export default {
  openSale: {
    request: ({ items }) => ({ path: '/sales', body: { items } }),
    read: (answer) => answer.json('id') as string,
  },
  checkout: {
    request: ({ saleId, sku, buyer, key }) => ({
      path: `/sales/${saleId}/orders`,
      headers: { 'Idempotency-Key': key },
      body: { sku, buyer },
    }),
    read: (answer) => {
      if (answer.status === 201) return { order: answer.json('id') as string };
      return answer.status === 409 ? 'sold out' : undefined;
    },
  },
  sold: {
    request: ({ saleId }) => ({ path: `/sales/${saleId}` }),
    read: (answer) => ({ units: answer.json('sold') as number }),
  },
  query: 'SELECT id, buyer, 1 AS units FROM example_orders WHERE sale_id = $1',
} satisfies Target;
