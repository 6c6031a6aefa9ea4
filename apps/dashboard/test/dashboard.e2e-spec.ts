import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { figure, PATIENCE, Stage } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.build({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
}, 180_000);
afterAll(() => stage.strike());

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: PATIENCE, interval: 200 });
const panel = (page: Page, name: 'Lock-off' | 'Lock-on') => page.getByRole('article', { name });
/** Of the figure that one sees first. */
const colourOf = (page: Page, name: 'Lock-off' | 'Lock-on') =>
  page.evaluate<string>(
    `getComputedStyle([...document.querySelectorAll('.panel')].find((each) => each.innerText.startsWith('${name}')).querySelector('.hero')).color`,
  );

async function createSales(page: Page) {
  await page.getByRole('button', { name: 'Create two sales' }).click();
  await panel(page, 'Lock-on').waitFor();
}

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
}

const widthBeyond = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

describe('the comparison', { timeout: 180_000 }, () => {
  it('oversells in red without a lock and sells exactly the stock with one, while one watches', async () => {
    const { page, problems } = await stage.tab(stage.link);
    const strategies = page.getByLabel('Lock-on side').locator('option');
    await strategies.filter({ hasText: 'conditional-update' }).waitFor({ state: 'attached' });
    await page.getByLabel('Stock').fill('200');
    await page.getByLabel('Buyers a second').fill('80');
    await page.getByLabel('For seconds').fill('8');
    await createSales(page);
    await page.getByRole('button', { name: 'Start load' }).click();
    await page.getByText('Load is on').waitFor();
    await page.getByText(/The last load made \d+ checkouts, 0 with an unexpected answer/).waitFor();
    await eventually(async () => expect(await figure(page, 'Lock-on', 'sold')).toBe(200));
    expect(await figure(page, 'Lock-on', 'oversold')).toBe(0);
    expect(await figure(page, 'Lock-off', 'oversold')).toBeGreaterThan(0);
    expect(await figure(page, 'Lock-off', 'sold')).toBe(200 + (await figure(page, 'Lock-off', 'oversold')));
    expect(await colourOf(page, 'Lock-off')).toBe('rgb(192, 24, 43)');
    expect(await colourOf(page, 'Lock-on')).toBe('rgb(19, 113, 61)');
    expect(
      await panel(page, 'Lock-on').getByText('Lock hold, mean').locator('xpath=../dd').innerText(),
    ).toMatch(/\d ms$/);
    await expectAccessible(page);
    expect(problems).toEqual([]);
  });

  it('kills the worker that holds the lock, shows the dead time, and sells on', async () => {
    const { page } = await stage.tab(stage.link);
    await page.getByLabel('Stock').fill('100000');
    await page.getByLabel('Buyers a second').fill('60');
    await page.getByLabel('For seconds').fill('60');
    await createSales(page);
    await page.getByRole('button', { name: 'Start load' }).click();
    // At this rate the lock is free most of the time: somebody who looks now and then needs a while to see its holder.
    const holder = panel(page, 'Lock-on').locator('.chip.holds');
    await holder.filter({ hasText: /^worker-[123]$/ }).waitFor();
    await page.getByRole('button', { name: 'Kill the lock holder' }).click();
    await panel(page, 'Lock-on')
      .getByText(/worker-\d held the lock\. Dead time/)
      .waitFor();
    const sold = await figure(page, 'Lock-on', 'sold');
    await eventually(async () => expect(await figure(page, 'Lock-on', 'sold')).toBeGreaterThan(sold));
    await page.getByRole('button', { name: 'Stop load' }).click();
    await page.getByText(/The last load made/).waitFor();
    await eventually(async () => expect(stage.stack.workers.every(({ pid }) => pid)).toBe(true));
  });

  it('pauses a sale, gives it units, and ends it', async () => {
    const { page, problems } = await stage.tab(stage.link);
    await page.getByLabel('Stock').fill('10');
    await createSales(page);
    const side = panel(page, 'Lock-on');
    await side.getByText('The sale sells').waitFor();
    await side.getByRole('button', { name: 'Pause' }).click();
    await side.getByText('The sale is paused').waitFor();
    await side.getByRole('button', { name: 'Resume' }).click();
    await side.getByText('The sale sells').waitFor();
    await side.getByRole('spinbutton', { name: 'Units' }).fill('5');
    await side.getByRole('button', { name: 'Add' }).click();
    await eventually(async () => expect(await figure(page, 'Lock-on', 'stock')).toBe(15));
    await side.getByRole('button', { name: 'End now' }).click();
    await side.getByText('The sale has ended').waitFor();
    expect(await figure(page, 'Lock-off', 'stock')).toBe(10);
    await expectAccessible(page);
    expect(problems).toEqual([]);
    await side.getByRole('spinbutton', { name: 'Units' }).fill('-16');
    await side.getByRole('button', { name: 'Withdraw' }).click();
    expect(await side.getByRole('alert').innerText()).toContain('15 units are available');
  });

  it('can be done with the keyboard alone', async () => {
    const { page } = await stage.tab(stage.api);
    const focused = () =>
      page.evaluate<string>('document.activeElement.innerText || document.activeElement.name');
    const tabTo = async (name: string) => {
      for (let i = 0; i < 30 && (await focused()) !== name; i++) await page.keyboard.press('Tab');
      expect(await focused()).toBe(name);
      expect(await page.evaluate('document.activeElement.matches(":focus-visible")')).toBe(true);
    };
    await page.getByLabel('Admin key').waitFor();
    await tabTo('key');
    await page.keyboard.type(stage.stack.adminKey);
    await page.keyboard.press('Enter');
    await page.getByLabel('Stock').waitFor();
    await tabTo('stock');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('7');
    await tabTo('Create two sales');
    await page.keyboard.press('Enter');
    await panel(page, 'Lock-on').waitFor();
    await eventually(async () => expect(await figure(page, 'Lock-on', 'stock')).toBe(7));
    await page.reload();
    await eventually(async () => expect(await figure(page, 'Lock-on', 'stock')).toBe(7));
    expect(await page.getByText('open the link that it prints').count()).toBe(1);
  });
});

describe('the page', { timeout: 120_000 }, () => {
  it.each(['light', 'dark'] as const)(
    'has no accessibility violation on a phone in %s',
    async (colorScheme) => {
      const { page } = await stage.tab(stage.api, { width: 360, height: 740, colorScheme });
      await page.getByLabel('Admin key').waitFor();
      await expectAccessible(page);
      await page.goto(stage.link);
      await page.reload(); // the fragment alone loads nothing anew
      await createSales(page);
      await panel(page, 'Lock-off').locator('.chart canvas').waitFor();
      await expectAccessible(page);
      expect(await widthBeyond(page)).toBe(0);
    },
  );

  it('takes the key out of the address, and says so when it is wrong', async () => {
    const { page } = await stage.tab(`${stage.api}/#key=not-the-key-of-this-stack`);
    await page.getByRole('button', { name: 'Create two sales' }).click();
    expect(page.url()).toBe(`${stage.api}/`);
    expect(await page.getByRole('alert').innerText()).toContain('The admin key is missing or wrong');
  });

  it('is served with a policy that allows no inline script, and assets that last', async () => {
    const index = await fetch(stage.api);
    const policy = index.headers.get('content-security-policy')!;
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain(`connect-src 'self' ${stage.control};`);
    expect(policy).not.toContain('unsafe');
    expect(index.headers.get('cache-control')).toBe('no-cache');
    const [asset] = /\/assets\/[\w-]+\.js/.exec(await index.text())!;
    const { headers } = await fetch(stage.api + asset);
    expect(headers.get('cache-control')).toContain('immutable');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the control', () => {
  it('obeys the admin alone, and shows itself to pages of the stack alone', async () => {
    const { control } = stage;
    for (const [path, method] of [
      ['/state', 'GET'],
      ['/reports', 'GET'],
      ['/load', 'POST'],
      ['/load', 'DELETE'],
      ['/crashes', 'POST'],
    ] as const) {
      expect((await fetch(control + path, { method })).status).toBe(401);
    }
    const preflight = (origin: string) =>
      fetch(`${control}/load`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const allowed = async (origin: string) =>
      (await preflight(origin)).headers.get('access-control-allow-origin');
    expect(await allowed(stage.api)).toBe(stage.api);
    expect(await allowed('http://evil.example')).toBeNull();
  });

  it('bounds the load', async () => {
    const headers = { authorization: `Bearer ${stage.stack.adminKey}`, 'content-type': 'application/json' };
    const request = { saleIds: [crypto.randomUUID()], buyersPerSecond: 501, seconds: 10 };
    const answer = await fetch(`${stage.control}/load`, {
      method: 'POST',
      headers,
      body: JSON.stringify(request),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ message: expect.stringContaining('buyersPerSecond') });
  });
});
