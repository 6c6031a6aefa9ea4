import type { Browser, Page } from 'playwright-core';
import { startControl } from '../../../../local/control/control.js';
import { Stack } from '../../../../local/stack/stack.js';
import { openBrowser } from '../../../../local/testing/browser.js';

/** Milliseconds within which the page has to show something; a load takes most of it. */
export const PATIENCE = 60_000;

interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** The local stack with its control, and a real browser in front of it. */
export class Stage {
  private constructor(
    readonly stack: Stack,
    readonly control: string,
    private readonly browser: Browser,
  ) {}

  static async build(services: { redisUrl: string; databaseUrl: string }): Promise<Stage> {
    const stack = new Stack({ ...services, stop: async () => undefined });
    await stack.migrate();
    const control = await startControl(stack);
    await stack.startApis(1, { DASHBOARD_CONTROL_URL: control });
    // Batches of one, so that even a small load contends.
    await stack.startWorkers(3, { BATCH_SIZE: '1' });
    return new Stage(stack, control, await openBrowser());
  }

  get api(): string {
    return this.stack.apiUrls[0]!;
  }

  /** The address that `npm start` prints. */
  get link(): string {
    return `${this.api}/#key=${this.stack.adminKey}&control=${this.control}`;
  }

  /** A tab of its own; what goes wrong in it is collected in `problems`. */
  async tab(url: string, { width = 1360, height = 900, colorScheme = 'light' }: Look = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await page.goto(url);
    return { page, problems };
  }

  async strike(): Promise<void> {
    await this.browser.close();
    await this.stack.stop();
  }
}

/** The number that a panel shows under this name. */
export async function figure(page: Page, panel: 'Lock-off' | 'Lock-on', name: string): Promise<number> {
  const text = await page
    .getByRole('article', { name: panel })
    .locator(`[data-figure=${name}]`)
    .first()
    .innerText();
  return Number(text.replaceAll(/[^\d.]/g, ''));
}
