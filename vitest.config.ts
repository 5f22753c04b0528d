import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Bots import the package by its name; here that is the source.
  resolve: {
    alias: { 'byova-gateway': new URL('src/handlers/define-bot.ts', import.meta.url).pathname },
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 15_000,
    hookTimeout: 30_000,
    pool: 'forks',
  },
});
