import { defineConfig } from 'vitest/config';
import config from './vitest.config.js';

/** Every lock driver against its real server: `npm run conformance`. */
export default defineConfig({
  ...config,
  test: { ...config.test, include: ['{apps,libs,local}/**/*.conformance-spec.ts'] },
});
