import { TcpProxy } from '@app/testing';
import { execa } from 'execa';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../../local/paths.mjs';
import { k6Command } from '../../../local/setup/k6-command.js';
import type { Stack } from '../../../local/stack/stack.js';
import { startedStack } from './support/started-stack.js';

const RUNNERS = 3;
const LOAD = { RATE: '60', SPIKE_RATE: '90', DURATION: '5', STOCK: '100', DROPPED: 'any' };
const CROSSED = 99;

let stack: Stack;
beforeAll(async () => {
  stack = await startedStack(
    { ALLOW_UNSAFE_STRATEGIES: 'true', RATE_LIMIT_PER_ADDRESS: '0' },
    { workers: 4 },
  );
});
afterAll(() => stack.stop());

async function k6(script: string, variables: Record<string, string>) {
  const target = { API_URLS: stack.apis.map(({ url }) => url).join(), ADMIN_KEY: stack.adminKey };
  const file = join(root, 'load-tests', `${script}.ts`);
  const flags = ['--quiet', '--no-color', '--no-usage-report', '--address', '127.0.0.1:0'];
  const command = await k6Command(['run', ...flags, file], { ...target, ...variables });
  const { exitCode, stdout, stderr } = await execa(command.file, command.args, {
    env: command.env,
    reject: false,
  });
  return { exitCode, output: `${stdout}\n${stderr}` };
}

/** Several runs of k6 that load one sale at the same time. */
const together = (variables: Record<string, string>) =>
  Promise.all(
    Array.from({ length: RUNNERS }, (_, runner) =>
      k6('flash-sale', { ...LOAD, ...variables, RUNNERS: String(RUNNERS), RUNNER: String(runner) }),
    ),
  );

const figure = (output: string, pattern: string) => Number(new RegExp(pattern).exec(output)![1]);
const sumOf = (runs: { output: string }[], pattern: string) =>
  runs.reduce((sum, { output }) => sum + figure(output, pattern), 0);

describe('several runs of k6', () => {
  it('open one sale, share the load of one run, and are judged once', async () => {
    const sale = { SALE_NAME: 'together', SALE_KEY: `together-${Date.now()}` };
    const runs = await together(sale);
    expect(runs.map(({ exitCode, output }) => (exitCode === 0 ? '' : output))).toEqual(['', '', '']);
    const [saleId, ...others] = new Set(runs.map(({ output }) => /sale (\S+)/.exec(output)![1]));
    expect(others).toEqual([]);
    const requests = sumOf(runs, 'checkouts  (\\d+):');
    // 5 s of 60 a second, and two and a half of up to 90.
    expect(requests).toBeGreaterThan(300);
    expect(requests).toBeLessThan(600);

    const { exitCode, output } = await k6('judge', { SALE_NAME: 'together', EXPECT: 'safe' });
    expect(output).toContain(`judge, sale ${saleId}`);
    expect(exitCode).toBe(0);
    // Nobody came twice: every checkout that was accepted is an order of its own.
    const [held, rejected] = ['held', 'rejected'].map((what) => figure(output, `(\\d+) ${what}`));
    expect(held).toBe(Number(LOAD.STOCK));
    expect(held! + rejected!).toBe(sumOf(runs, '(\\d+) accepted'));
  }, 120_000);

  it('are judged by what they did to the stock', async () => {
    // So many that workers sell at the same moment all the time, and not only while they warm up.
    const more = { RATE: '600', SPIKE_RATE: '900', STOCK: '2000', STRATEGY: 'none' };
    const sale = { SALE_NAME: 'unsafe', SALE_KEY: `unsafe-${Date.now()}`, ...more };
    await together(sale);
    const expectations = ['safe', 'oversold'].map((EXPECT) => k6('judge', { SALE_NAME: 'unsafe', EXPECT }));
    const [safe, oversold] = await Promise.all(expectations);
    expect(safe!.exitCode).toBe(CROSSED);
    expect(oversold!.exitCode).toBe(0);
  }, 120_000);

  it('wait for a target that they are let through to a moment later, and so does the judge', async () => {
    for (const script of ['flash-sale', 'judge']) {
      const relay = await TcpProxy.before(stack.apiUrls[0]!);
      relay.cut();
      const variables = {
        ...LOAD,
        SALE_NAME: 'late',
        API_URLS: `http://127.0.0.1:${relay.port}`,
      };
      const run = k6(script, variables);
      await expect.poll(() => relay.refused, { timeout: 20_000 }).toBeGreaterThan(0);
      relay.heal();
      const { exitCode, output } = await run;
      expect(exitCode === 0 ? '' : output).toBe('');
      await relay.close();
    }
  }, 120_000);

  it('need to know which sale it is', async () => {
    expect((await together({ SALE_KEY: '' })).map(({ output }) => output)).toEqual(
      Array.from({ length: RUNNERS }, () => expect.stringContaining('SALE_KEY is not set') as string),
    );
    expect((await k6('judge', { SALE_NAME: 'never opened' })).output).toContain(
      'None of the newest sales is called never opened.',
    );
  }, 60_000);
});
