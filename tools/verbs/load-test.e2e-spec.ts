import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';

import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest';
import { Verb, verbFile } from '../test/verb.js';

const LOAD = ['RATE=40', 'SPIKE_RATE=60', 'DURATION=3', 'STOCK=30', 'DROPPED=any'].flatMap((value) => [
  '-e',
  value,
]);
const EXAMPLE = 'examples/target.ts';

const verbs: Verb[] = [];
afterEach(() => verbs.splice(0).forEach(({ child }) => child.kill('SIGTERM')));

function begin(args: string[], env: NodeJS.ProcessEnv = {}): Verb {
  const verb = new Verb([process.execPath, verbFile, ...args], {
    DATABASE_URL: inject('databaseUrl'),
    ...env,
  });
  verbs.push(verb);
  return verb;
}

async function load(target: string, url: string, env: NodeJS.ProcessEnv = {}) {
  const verb = begin(['load-test', 'flash-sale', '--target', target, ...LOAD], { API_URL: url, ...env });
  return { exitCode: await verb.exitCode, output: verb.output };
}

async function started(shop: string) {
  const verb = begin(['shop', shop]);
  await verb.says('Ready.');
  return /http:\/\/\S+/.exec(verb.output)![0];
}

describe('a shop of somebody else', { timeout: 180_000 }, () => {
  it('that reads, checks and writes is caught overselling', async () => {
    const { exitCode, output } = await load(EXAMPLE, await started('naive'));
    expect(output).toContain('FAIL');
    expect(Number(/(\d+) oversold/.exec(output)![1])).toBeGreaterThan(0);
    expect(Number(/(\d+) doubled/.exec(output)![1])).toBeGreaterThan(0);
    expect(exitCode).toBe(1);
  });

  it('that checks in its update, and has one order for a key, passes', async () => {
    const { exitCode, output } = await load(EXAMPLE, await started('repaired'));
    expect(output).toContain('30 sold of 30: 0 oversold, 0 undersold, 0 doubled, 0 lost, by the database');
    expect(exitCode).toBe(0);
  });
});

describe('a target that cannot be used', { timeout: 180_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'target-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const written = (name: string, text: string) => {
    const file = join(directory, `${name}.ts`);
    writeFileSync(file, text);
    return file;
  };
  const nowhere = 'http://127.0.0.1:1';
  /** All that a buyer of this shop gets is `checkout`. */
  const answering = (checkout: string, query = '') => `
    const any = { request: () => ({ path: '/health' }), read: () => 'sale' };
    const checkout = { ...any, ${checkout} };
    export default { openSale: any, checkout, sold: { ...any, read: () => ({ units: 0 }) }, ${query} };`;

  it.each<[string, string, string, NodeJS.ProcessEnv?]>([
    ['is not there', join(directory, 'none.ts'), 'There is no target'],
    ['does not parse', written('syntax', 'export default {'), 'syntax.ts: Line'],
    ['throws', written('throws', "throw new Error('no luck')"), 'cannot be used: no luck'],
    [
      'exports something else',
      written('other', 'export default { openSale: {}, sold: { request() {}, read() {} } }'),
      'cannot be used: its default export needs the functions openSale.request, openSale.read, checkout.request, checkout.read',
    ],
    [
      'waits for ever',
      written('awaits', 'await new Promise(() => {}); export default {}'),
      'cannot be used: ',
    ],
    ['never comes to an end', written('loops', 'for (;;);'), 'cannot be used: it was not loaded within'],
    ['names a shop that is down', EXAMPLE, `The shop at ${nowhere} does not answer /sales`],
    ['needs a database', EXAMPLE, 'it has a query, so set DATABASE_URL', { DATABASE_URL: '' }],
    [
      'does not know where the shop is',
      EXAMPLE,
      'API_URL=http://host:port npm run load-test',
      { API_URL: '' },
    ],
  ])('because it %s is told in one line', async (_, target, reason, env = {}) => {
    const { exitCode, output } = await load(target, nowhere, env);
    const told = output.split('\n').filter((line) => line.includes(reason));
    expect(told, output).toHaveLength(1);
    expect(output).not.toMatch(/^\s+at /m);
    expect(exitCode).not.toBe(0);
  });

  it('with a load test that needs this API is told so', async () => {
    const verb = begin(['load-test', 'full-journey', '--target', EXAMPLE]);
    expect(await verb.exitCode).toBe(1);
    expect(verb.output).toContain(
      'full-journey needs the API of this project. --target goes with flash-sale',
    );
  });

  it('is told in one line where it fails while buyers come, or afterwards', async () => {
    const shop = await started('naive');
    const broken = [
      [
        'throws',
        answering("request() { throw new Error('no basket') }"),
        'checkout.request of',
        'throws: no basket',
      ],
      ['reads', answering("read: (answer) => answer.json('id').x.y"), 'checkout.read of', 'throws: '],
      [
        'sql',
        answering("read: () => 'busy'", "query: 'SELECT nothing FROM nowhere'"),
        'The query of the target',
        'relation "nowhere" does not exist',
      ],
      [
        'columns',
        answering("read: () => 'busy'", "query: 'SELECT 1 AS id WHERE $1 = $1'"),
        'The query of the target',
        'no column buyer, units',
      ],
    ] as const;
    for (const [name, text, ...reasons] of broken) {
      const { exitCode, output } = await load(written(name, text), shop);
      for (const reason of reasons) expect(output).toContain(reason);
      expect(exitCode).not.toBe(0);
    }
  });

  it('whose shop takes buyers and says nothing is given up', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const { exitCode, output } = await load(EXAMPLE, `http://127.0.0.1:${port}`);
    expect(output).toContain('does not answer /sales (request timeout)');
    expect(exitCode).not.toBe(0);
    silent.close();
  });
});
