import { configDefaults, defineConfig } from 'vitest/config';

import { findTool } from './test/support/tools.ts';

/** Tests that need a program which npm cannot install. Where it is missing they are left out; CI installs it. */
const NEEDS = {
  'redis-server': ['test/**/*redis*.test.ts'],
  grpcurl: ['test/e2e/foreign-client.test.ts'],
  envoy: ['test/e2e/deploy-envoy.test.ts'],
  prometheus: ['test/e2e/prometheus-*.test.ts'],
  haproxy: ['test/e2e/deploy-haproxy.test.ts'],
  nginx: ['test/e2e/*nginx*.test.ts'],
  helm: ['test/e2e/deploy-kubernetes.test.ts'],
  'kubernetes-validate': ['test/e2e/deploy-kubernetes.test.ts'],
  hadolint: ['test/e2e/deploy-dockerfile.test.ts'],
  chromium: ['test/e2e/dashboard.test.ts'],
  'systemd-analyze': ['test/e2e/deploy-systemd.test.ts'],
};
const missing = Object.entries(NEEDS).filter(([tool]) => findTool(tool) === undefined);
for (const [tool, files] of missing)
  process.stderr.write(`${tool} is not installed: ${files.join(', ')} left out\n`);

export default defineConfig({
  // Bots import the package by its name; here that is the source.
  resolve: {
    alias: { 'byova-gateway': new URL('src/handlers/define-bot.ts', import.meta.url).pathname },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...missing.flatMap(([, files]) => files)],
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/no-leaks.ts'],
    // The code has no state of its own between files, and loading it anew for each would take most of the time.
    isolate: false,
    testTimeout: 15_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // In CI the tests that start whole programs have the machine to themselves, two at a time.
    maxWorkers: process.env['CI'] === undefined ? 3 : 2,
  },
});
