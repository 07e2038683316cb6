// Rules of the page. Formatting is prettier's, types are svelte-check's.
import js from '@eslint/js';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'test-results/', 'src/lib/api/schema.d.ts'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      // TypeScript knows what is defined.
      'no-undef': 'off',
      'no-console': 'error',
      eqeqeq: ['error', 'always'],
      'no-restricted-globals': ['error', { name: 'fetch', message: 'use src/lib/api: it knows errors, types and aborts' }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'SvelteElement[kind="html"] > SvelteStartTag > SvelteAttribute[key.name="style"]',
          message: 'the policy forbids style attributes: use style:property',
        },
        {
          selector: 'Literal[value=/^https?:\\/\\/(?!127\\.0\\.0\\.1|localhost|[a-z]+\\.invalid|www\\.w3\\.org)/]',
          message: 'the page speaks to its own origin only',
        },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'svelte/no-at-html-tags': 'error',
      'svelte/no-target-blank': ['error', { allowReferrer: true }],
      'svelte/button-has-type': 'error',
      'svelte/require-each-key': 'error',
      // Links are addresses of the page (#/…) or of the API; there is no router of SvelteKit.
      'svelte/no-navigation-without-resolve': 'off',
      // {'?'} keeps a sign out of the search for texts in markup.
      'svelte/no-useless-mustaches': 'off',
      // Maps and dates that no rune watches.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { extraFileExtensions: ['.svelte'], parser: ts.parser, svelteConfig } },
  },
  {
    files: ['src/lib/api/*.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['tests/**', 'scripts/**', '*.config.*'],
    languageOptions: { globals: { ...globals.node } },
    rules: { 'no-console': 'off', 'no-restricted-globals': 'off', 'no-restricted-syntax': 'off', 'no-empty-pattern': 'off' },
  },
);
