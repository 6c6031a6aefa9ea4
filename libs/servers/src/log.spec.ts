import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { ThinnedLog } from './log.js';

class OwnError extends Error {
  override readonly name = 'OwnError';
}
const logOf = () => {
  const lines: object[] = [];
  return { lines, log: new ThinnedLog({ warn: (fields) => void lines.push(fields) }) };
};

it.each([
  ['its code', () => Object.assign(new Error(randomUUID()), { code: '40001' })],
  ['its class', () => new OwnError(`the stock of ${randomUUID()}:shoes is fenced`)],
  ['a message that names something else each time', () => new Error(`no row for ${randomUUID()}:shoes`)],
])('takes errors for one cause by %s', (_, error) => {
  const { lines, log } = logOf();
  for (let i = 0; i < 100; i++) log.warn(error(), 'failed');
  expect(lines).toHaveLength(1);
});

it('tells causes apart', () => {
  const { lines, log } = logOf();
  for (const error of [new OwnError('a'), new TypeError('a'), new Error('a'), new Error('b')])
    for (let i = 0; i < 2; i++) log.warn(error, 'failed');
  log.warn(new Error('a'), 'failed elsewhere');
  expect(lines).toHaveLength(5);
});

it('forgets a cause, rather than grow, when there are thousands', () => {
  const { lines, log } = logOf();
  const fail = () => log.warn(new OwnError(), 'failed');
  fail();
  for (let i = 0; i < 10_000; i++) log.warn(new OwnError(), `failed ${i}`);
  fail();
  expect(lines).toHaveLength(10_002);
});
