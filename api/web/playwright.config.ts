import { defineConfig } from '@playwright/test';

// WebGL2 without a graphics card, and no request of the browser's own.
const flags = [
  '--no-sandbox',
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
  // Each worker has a server and data of its own (tests/e2e/serve.ts).
  workers: 2,
  fullyParallel: true,
  // Where nobody looks on, a hiccup of the machine does not stop the line: what passed at the second try is named as flaky at the end.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  reporter: 'list',
  use: {
    // Movements of the map are drawn in software, picture by picture: tests that are about them ask for them.
    reducedMotion: 'reduce',
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags },
    locale: 'it-IT',
    actionTimeout: 20_000,
  },
});
