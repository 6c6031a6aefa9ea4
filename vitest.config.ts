import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['{apps,lab,libs,local,tools}/**/*.{spec,int-spec,e2e-spec}.ts'],
    // Real servers and several processes on few cores: one file at a time keeps each test's load its own.
    fileParallelism: false,
    globalSetup: 'local/testing/global-setup.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
