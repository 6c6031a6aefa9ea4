import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import { apt } from './ways/apt.js';
import { fileFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';
import { playwright } from './ways/playwright.js';

const chromium = program({
  names: [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'Chromium',
    'Google Chrome',
  ],
  places: [
    '/usr/bin',
    ...homebrewPlaces,
    '/Applications/Chromium.app/Contents/MacOS',
    '/Applications/Google Chrome.app/Contents/MacOS',
  ],
  versionArgs: ['--version'],
  minimum: { major: 120, minor: 0 },
});

/** A browser for the tests of the dashboard. */
export const provideChromium = once(() =>
  meetNeed<{ file: string }>('Chromium', [
    fileFromEnvironment('CHROMIUM_BIN'),
    installed(chromium),
    apt(['chromium'], chromium),
    homebrew('chromium', chromium),
    playwright,
  ]),
);
