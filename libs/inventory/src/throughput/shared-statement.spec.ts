import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { SharedStatement } from './shared-statement.js';

/** A statement that ends when it is told to, and what it was asked. */
function statement(most: number) {
  const asked: (readonly number[])[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const shared = new SharedStatement<number, string>(
    most,
    (weight) => weight,
    (items) => {
      asked.push(items);
      return new Promise((resolve, reject) =>
        ends.push((error) => (error ? reject(error) : resolve(items.map((item) => `answer ${item}`)))),
      );
    },
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { shared, asked, ends, turn };
}
const answered = (code: string) => Object.assign(new pg.DatabaseError('no', 0, 'error'), { code });

describe('SharedStatement', () => {
  it('asks at once for what comes at one moment, and together for what comes while a statement is under way', async () => {
    const { shared, asked, ends, turn } = statement(10);
    const first = [shared.add(1), shared.add(2)];
    await turn();
    const second = [shared.add(3)];
    await turn();
    second.push(shared.add(4));
    await turn();
    expect(asked).toEqual([[1, 2]]);
    ends[0]!();
    expect(await Promise.all(first)).toEqual(['answer 1', 'answer 2']);
    await turn();
    expect(asked).toEqual([
      [1, 2],
      [3, 4],
    ]);
    ends[1]!();
    expect(await Promise.all(second)).toEqual(['answer 3', 'answer 4']);
  });

  it('lets full statements go side by side, and one item pass that is too heavy by itself', async () => {
    const { shared, asked, turn } = statement(10);
    for (const weight of [6, 4, 12, 5]) void shared.add(weight);
    await turn();
    expect(asked).toEqual([[6, 4], [12]]);
  });

  it.each([
    ['a key that is there', '23505'],
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
    ['a NUL', '22021'],
    ['a row that is too large', '54000'],
    ['a table that is not there', '42P01'],
  ])('asks for each alone when the database undid all of them because of %s', async (_, code) => {
    const { shared, asked, ends, turn } = statement(10);
    const answers = Promise.allSettled([shared.add(1), shared.add(2)]);
    await turn();
    ends[0]!(answered(code));
    await turn();
    expect(asked.slice(1)).toEqual([[1], [2]]);
    ends[1]!(answered(code));
    ends[2]!();
    expect(await answers).toEqual([
      { status: 'rejected', reason: answered(code) },
      { status: 'fulfilled', value: 'answer 2' },
    ]);
  });

  it.each([
    ['nobody knows what it came to', new Error('connection lost')],
    ['the server cannot serve', answered('53300')],
  ])('asks for nothing again when %s, nor for what waits behind it', async (_, error) => {
    const { shared, asked, ends, turn } = statement(10);
    const answers = Promise.allSettled([shared.add(1), shared.add(2)]);
    await turn();
    const behind = Promise.allSettled([shared.add(3)]);
    await turn();
    ends[0]!(error);
    for (const { status } of [...(await answers), ...(await behind)]) expect(status).toBe('rejected');
    expect(asked).toHaveLength(1);
  });
});
