import { chromium, type Browser } from 'playwright-core';
import { provideChromium } from '../setup/chromium.js';

/** A real browser. */
export async function openBrowser(): Promise<Browser> {
  const { file } = await provideChromium();
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: file, args });
}
