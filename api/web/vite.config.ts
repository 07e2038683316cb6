import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Where the API listens while the page is developed.
const api = process.env.CONTADO_API ?? 'http://127.0.0.1:8080';
const paths = ['collections', 'xyz', 'styles', 'legend', 'territories', 'processes', 'jobs', 'reports', 'status', 'api', 'docs'];

export default defineConfig({
  plugins: [svelte()],
  base: '/',
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsDir: 'assets',
    // Nothing is inlined: the page is served under a policy without data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: 'es' },
  server: { proxy: Object.fromEntries(paths.map((p) => [`/${p}`, { target: api }])) },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node' },
});
