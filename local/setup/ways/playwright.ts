import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from '../../paths.mjs';
import { exclusively } from '../../processes/exclusively.mjs';
import { runLong } from '../../processes/run-command.js';
import type { Way } from '../meet-need.js';

const cli = join(root, 'node_modules/playwright-core/cli.js');

/** Playwright's own build of Chromium, in its cache in the home directory. */
export const playwright: Way<{ file: string }> = {
  name: 'playwright',
  advice: 'npx playwright-core install chromium',
  find: () =>
    exclusively('playwright', async () => {
      const file = chromium.executablePath();
      const known = existsSync(file);
      if (!known)
        await runLong('playwright-core install chromium', process.execPath, [cli, 'install', 'chromium']);
      const how = known ? 'on an earlier run' : 'as there was none';
      return { value: { file }, because: `${file}, installed by Playwright ${how}` };
    }),
};
