import { randomUUID } from 'node:crypto';
import { v5 } from 'uuid';
import { expect, it } from 'vitest';
import { orderIdOf } from './order-request.js';

it.each(['ann', 'Zoë', '"', '\\'])('an order of the buyer %s is named by a UUID of version 5', (buyerId) => {
  const sale = { id: randomUUID(), orderNamespace: randomUUID() };
  const key = randomUUID();
  expect(orderIdOf(sale, buyerId, key)).toBe(
    v5(JSON.stringify([sale.id, buyerId, key]), sale.orderNamespace),
  );
});
