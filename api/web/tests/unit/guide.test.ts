import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it as test } from 'vitest';
import { catalogues } from '../../src/lib/i18n/translate';

// What the guide for planners puts between quotes is on the page as it is written there.
const folder = join(import.meta.dirname, '../../../../docs/guide');
const said = { it: /«([^»]+)»/g, en: /“([^”]+)”/g };

describe.each(['it', 'en'] as const)('the guide in %s', (lang) => {
  const guide = readFileSync(join(folder, `planner.${lang}.html`), 'utf8');

  test('names buttons and headings as the page does', () => {
    const texts = new Set(Object.values(catalogues[lang]));
    const names = [...guide.matchAll(said[lang])].map((m) => m[1]!);
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((n) => !texts.has(n))).toEqual([]);
  });

  test('has a part and a picture for each task, and no picture that is not there', () => {
    for (const task of ['places', 'map', 'area', 'coverage', 'reports', 'data']) {
      expect(guide).toContain(`<h2 id="${task}">`);
      expect(guide).toContain(`/docs/pictures/${task}.${lang}.webp`);
    }
    const pictures = [...guide.matchAll(/\/docs\/(pictures\/[\w.]+)/g)].map((m) => m[1]!);
    expect(pictures.filter((p) => !existsSync(join(folder, p)))).toEqual([]);
    expect([...guide.matchAll(/<img (?![^>]*alt="[^"]{20,}")/g)]).toEqual([]);
  });

  test('leads to its own parts', () => {
    const technical = 'technical'; // the server adds this one, with its own address in it
    const ids = new Set([...guide.matchAll(/id="([\w-]+)"/g)].map((m) => m[1]!)).add(technical);
    expect([...guide.matchAll(/href="#([\w-]+)"/g)].map((m) => m[1]!).filter((i) => !ids.has(i))).toEqual([]);
  });
});
