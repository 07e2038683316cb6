import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { icons } from './scripts/icons.ts';
import { unused } from './scripts/unused.ts';

// Where the API listens while the page is developed.
const api = process.env.CONTADO_API ?? 'http://127.0.0.1:8080';
const paths = [
  'api',
  'api.html',
  'basemaps',
  'catalog',
  'collections',
  'colormaps',
  'conformance',
  'docs',
  'functions',
  'here',
  'indices',
  'jobs',
  'legend',
  'map',
  'places',
  'problems',
  'processes',
  'pyramids',
  'recipes',
  'reports',
  'search',
  'stac',
  'sprites',
  'status',
  'styles',
  'territories',
  'tileMatrixSets',
  'tiles',
  'travel-times',
  'uploads',
  'xyz',
];

export default defineConfig(({ command }) => ({
  plugins: [svelte(), icons()],
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
  css: {
    // While the page is developed, a class that is named anew is there.
    ...(command === 'build' ? { postcss: { plugins: [unused()] } } : {}),
    preprocessorOptions: {
      // Bootstrap Italia 2 is written in the older way of Sass.
      scss: { quietDeps: true, silenceDeprecations: ['import', 'global-builtin', 'color-functions', 'if-function'], loadPaths: ['node_modules'] },
    },
  },
  worker: { format: 'es' },
  server: { proxy: { ...Object.fromEntries(paths.map((p) => [`/${p}`, { target: api }])), '^/\\?f=json': { target: api } } },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node' },
}));
