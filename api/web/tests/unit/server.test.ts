import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serverText, told } from '../../src/lib/i18n/server';
import { Translator } from '../../src/lib/i18n/translate';

const it = new Translator('it');

function sources(dir: string): string {
  return readdirSync(dir, { withFileTypes: true })
    .filter((f) => f.name !== 'web' && !f.name.endsWith('_test.go') && (f.isDirectory() || f.name.endsWith('.go')))
    .map((f) => (f.isDirectory() ? sources(join(dir, f.name)) : readFileSync(join(dir, f.name), 'utf8')))
    .join('\n');
}

describe('what the server says', () => {
  test('is what it says in its code', () => {
    const root = join(import.meta.dirname, '../../../..');
    const code = ['geo/analysis', 'geo/atlas', 'geo/coverage', 'geo/travel', 'api'].map((d) => sources(join(root, d))).join('\n');
    const written = code.replace(/%(?:\.\d+)?[a-z]/g, '{}');
    expect(told.filter(([en]) => !written.includes(en.replace(/: \{\}$/, ':')))).toEqual([]);
  });

  test('comes in Italian where it is known, and in English where not', () => {
    expect(serverText(it, 'the reports are on two territories, A (1) and B (2)')).toEqual({
      text: 'i rapporti sono su due territori, A (1) e B (2)',
      lang: 'it',
    });
    expect(serverText(it, 'something else')).toEqual({ text: 'something else', lang: 'en' });
    expect(serverText(new Translator('en'), 'ask again')).toEqual({ text: 'ask again', lang: 'en' });
    for (const [en, own] of told) {
      const holes = en.split('{}').length - 1;
      for (const [, n] of own.matchAll(/\{(\d)\}/g)) expect(Number(n), en).toBeLessThanOrEqual(holes);
    }
  });
});
