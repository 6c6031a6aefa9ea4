import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';

import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest';
import { root } from '../../local/paths.mjs';
import { checkTarget } from '../target.js';
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

/** A module whose shop opens every sale, and sells nothing. */
const answering = (checkout = '', query = 'SELECT 1') => `
  const any = { request: () => ({ path: '/health' }), read: () => 'sale' };
  const checkout = { ...any, ${checkout} };
  export default { openSale: any, checkout, sold: { ...any, read: () => ({ units: 0 }) }, query: '${query}' }`;

describe('a target that cannot be used', { timeout: 180_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'target-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const written = (name: string, text: string) => {
    const file = join(directory, `${name}.ts`);
    writeFileSync(file, text);
    return file;
  };
  const refused = (target: string) =>
    checkTarget(target, join(root, 'load-tests/flash-sale.ts'), { API_URLS: 'http://a', TARGET: target });

  it.each([
    ['syntax', 'export default {', 'file:'],
    ['throws', "throw new Error('no luck')", 'no luck'],
    [
      'other',
      'export default { openSale: {}, sold: { request() {}, read() {} } }',
      'its default export needs the functions openSale.request, openSale.read, checkout.request, checkout.read',
    ],
    ['awaits', 'await new Promise(() => {}); export default {}', 'it exports nothing before'],
    ['loops', 'for (;;);', 'it was not loaded within'],
    ['asks', `${answering()}; export const a = 1`, 'it has a query, so set DATABASE_URL'],
  ])('is refused before any load, in a line: %s', async (name, text, reason) => {
    const message = expect.stringContaining(`cannot be used: ${reason}`) as string;
    const error = await refused(written(name, text)).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ expected: true, message });
    expect((error as Error).message).not.toContain('\n');
  });

  it('because the shop is down, or says nothing, is told by the verb', async () => {
    const { exitCode, output } = await load(EXAMPLE, 'http://127.0.0.1:1');
    expect(output).toContain('The shop at http://127.0.0.1:1 does not answer /sales');
    expect(exitCode).not.toBe(0);

    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const given = await load(EXAMPLE, `http://127.0.0.1:${port}`);
    expect(given.output).toContain('does not answer /sales (request timeout)');
    expect(given.exitCode).not.toBe(0);
    silent.close();
  });

  it('is told of in a line where it fails while buyers come, or afterwards', async () => {
    const shop = await started('naive');
    const broken = [
      [
        "request() { throw new Error('no basket') }",
        'SELECT 1',
        /^test aborted: checkout\.request of \S+ throws: no basket/m,
      ],
      [
        "read: () => 'busy'",
        'SELECT nothing FROM nowhere',
        /^✗ The query of the target .*relation "nowhere" does not exist$/m,
      ],
    ] as const;
    for (const [checkout, query, reason] of broken) {
      const { exitCode, output } = await load(written('broken', answering(checkout, query)), shop);
      expect(output).toMatch(reason);
      expect(exitCode).not.toBe(0);
    }
  });
});
