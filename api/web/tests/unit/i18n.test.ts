import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it as test } from 'vitest';
import { preferred } from '../../src/lib/i18n/index.svelte';
import { catalogues, fill, type Key } from '../../src/lib/i18n/translate';
import { parts } from '../../src/lib/i18n/words';

const { it, en } = catalogues;
const keys = Object.keys(it) as Key[];
const holes = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

function sources(dir: string): string {
  return readdirSync(dir, { withFileTypes: true })
    .filter((f) => f.name !== 'i18n' && !/^words\.(it|en)\.ts$/.test(f.name))
    .map((f) => (f.isDirectory() ? sources(join(dir, f.name)) : readFileSync(join(dir, f.name), 'utf8')))
    .join('\n');
}

describe('catalogues', () => {
  test('have the same keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(it).sort());
    expect(keys.length).toBeGreaterThan(150);
  });

  test.each(Object.keys(parts))('of %s are whole, and no other has the same keys', (name) => {
    const { it: own, en: other } = parts[name]!;
    expect(Object.keys(other).sort()).toEqual(Object.keys(own).sort());
    for (const [k, p] of Object.entries(parts)) {
      if (k !== name)
        expect(
          Object.keys(p.it).filter((key) => key in own),
          k,
        ).toEqual([]);
    }
  });

  test('of all tasks are known', () => {
    const dir = join(import.meta.dirname, '../../src/tasks');
    const own = readdirSync(dir).filter((d) => existsSync(join(dir, d, 'words.it.ts')));
    expect(own.filter((d) => !(d in parts))).toEqual([]);
  });

  test.each(keys)('%s is written in both languages with the same values', (k) => {
    expect(it[k].trim()).not.toBe('');
    expect(en[k].trim()).not.toBe('');
    expect(holes(it[k])).toEqual(holes(en[k]));
  });

  test('have both forms of every plural', () => {
    const stems = (end: string) => keys.filter((k) => k.endsWith(end)).map((k) => k.slice(0, -end.length));
    // role.other is a role, not a plural.
    // One report is loaded or checked: no plurals either.
    const single = ['reports.loading', 'reports.verify'];
    expect(
      stems('.one')
        .filter((k) => !single.includes(k))
        .sort(),
    ).toEqual(
      stems('.other')
        .filter((k) => k !== 'role')
        .sort(),
    );
  });

  test('are used and not wanting', () => {
    const text = sources(join(import.meta.dirname, '../../src')) + readFileSync(join(import.meta.dirname, '../../src/lib/i18n/translate.ts'), 'utf8');
    // Keys that end in a value (`role.${…}`) count as used by their beginning.
    const begun = [...text.matchAll(/[`'"]([a-z][\w-]*(?:\.[\w-]+)*)\.\$\{/g)].map((m) => `${m[1]}.`);
    const quoted = new Set([...text.matchAll(/['"`](?=([\w.+ -]+)['"`])/g)].map((m) => m[1]!));
    const used = (k: string) => quoted.has(k) || begun.some((b) => k.startsWith(b));
    expect(keys.filter((k) => !used(k.replace(/\.(one|other)$/, '')) && !used(k))).toEqual([]);

    const asked = [...text.matchAll(/\.tn?\(\s*'([\w.-]+)'/g)].map((m) => m[1]!);
    expect(asked.length).toBeGreaterThan(80);
    const known = new Set<string>([...keys, ...keys.map((k) => k.replace(/\.(one|other)$/, ''))]);
    expect(asked.filter((k) => !known.has(k))).toEqual([]);
  });

  test('no text for people stands in the components', () => {
    const dir = join(import.meta.dirname, '../../src');
    for (const f of readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((x) => x.endsWith('.svelte'))) {
      const markup = readFileSync(join(dir, f), 'utf8')
        .replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '')
        .replace(/=>|>=/g, '');
      const bare = [...markup.matchAll(/>([^<>{}]*[A-Za-z]{3,}[^<>{}]*)</g)].map((m) => m[1]!.trim());
      expect(bare, f).toEqual([]);
      expect(markup, f).not.toMatch(/(?:aria-label|title|placeholder)="[A-Za-z]/);
    }
  });
});

describe('fill', () => {
  test('puts values in, and leaves a missing one to be seen', () => {
    expect(fill('{a} of {b}', { a: 1, b: 'x' })).toBe('1 of x');
    expect(fill('{a} of {b}', { a: '$&' })).toBe('$& of {b}');
  });
});

describe('preferred', () => {
  test.each([
    ['it', 'en', ['en-US'], 'it'],
    ['fr', 'it', ['en-US'], 'it'],
    [null, null, ['it-CH', 'en'], 'it'],
    [null, null, ['de-DE', 'IT'], 'it'],
    [null, null, ['de-DE'], 'en'],
    [null, null, ['en-GB', 'it'], 'en'],
  ] as const)('%s, %s, %j → %s', (asked, stored, languages, want) => {
    expect(preferred(asked, stored, languages)).toBe(want);
  });
});
