import { randomUUID } from 'node:crypto';
import { v5, v7, validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { namedBeside } from './named-uuid.js';

const namespace = randomUUID();

it.each(['ann', 'Zoë', '"', '\\'])('beside a random UUID it is one of version 5: %s', (name) => {
  expect(namedBeside(randomUUID(), name, namespace)).toBe(v5(name, namespace));
});

describe('beside one that begins with its time', () => {
  const sale = v7();
  const order = namedBeside(sale, 'ann', namespace);

  it('is a UUID of version 8 that begins alike', () => {
    expect(validate(order)).toBe(true);
    expect(version(order)).toBe(8);
    expect(order.slice(0, 13)).toBe(sale.slice(0, 13));
  });

  it('follows from name and namespace', () => {
    expect(namedBeside(sale, 'ann', namespace)).toBe(order);
    expect(namedBeside(sale, 'bob', namespace)).not.toBe(order);
    expect(namedBeside(sale, 'ann', randomUUID())).not.toBe(order);
  });
});
