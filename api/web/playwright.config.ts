import { defineConfig } from '@playwright/test';

// WebGL2 without a graphics card, and no request of the browser's own.
const flags = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/artifacts',
  globalSetup: './tests/e2e/start.ts',
  globalTimeout: 1_200_000,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  workers: 2,
  reporter: 'list',
  use: {
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags },
    locale: 'it-IT',
    actionTimeout: 20_000,
  },
});
