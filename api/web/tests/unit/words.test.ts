import { describe, expect, test } from 'vitest';
import { sortAreas } from '../../src/tasks/coverage/areas';
import { gapName } from '../../src/tasks/coverage/gaps';
import { Translator } from '../../src/lib/i18n/translate';
import { noticeText } from '../../src/lib/notices';
import type { AreaResult, Gap } from '../../src/lib/types';

const it = new Translator('it');
const plain = (s: string) => s.replaceAll('\u00a0', ' ');
const gap = (g: Partial<Gap>): Gap => ({
  name: 'server',
  kind: 'place',
  lon: 0,
  lat: 0,
  population: 1,
  unreachable: 0,
  time_s: null,
  area_code: 'a',
  area_name: 'Area',
  ...g,
});

describe('names of gaps', () => {
  test('are built in the language of the page', () => {
    expect(gapName(gap({ kind: 'place', place: 'Corva' }), it)).toBe('Corva');
    expect(plain(gapName(gap({ kind: 'near', place: 'Corva', distance_m: 2350, bearing: 'SW' }), it))).toBe('presso Corva (2,4 km SO)');
    expect(gapName(gap({ kind: 'near', place: 'Corva' }), it)).toBe('presso Corva');
    expect(gapName(gap({ kind: 'area', part: 2 }), it)).toBe('Area, gruppo 2');
    expect(gapName(gap({ kind: 'area' }), it)).toBe('Area');
  });

  test('fall back on the server’s name', () => {
    expect(gapName(gap({ kind: 'near' }), it)).toBe('server');
    expect(gapName(gap({ kind: 'other' as Gap['kind'] }), it)).toBe('server');
  });
});

describe('notices', () => {
  test('of the program are in the language of the page', () => {
    expect(noticeText({ code: 'invented-data', text: 'x' }, it)).toContain('inventati');
    expect(noticeText({ code: 'facilities-unplaced', text: 'x', values: { count: 3 } }, it)).toContain('3 punti');
    expect(noticeText({ code: 'age-bands-incomplete', text: 'x', values: { bands: 1234, population: 2000 } }, it)).toContain('1.234');
  });

  test('of others keep the words they came with', () => {
    expect(noticeText({ code: 'new', text: 'English', texts: { it: 'Italiano' } }, it)).toBe('Italiano');
    expect(noticeText({ code: 'new', text: 'English' }, it)).toBe('English');
    expect(noticeText({ code: 'age-bands-incomplete', text: 'English' }, it)).toBe('English');
    expect(noticeText({ code: 'facilities-unplaced', text: 'English' }, it)).toBe('English');
  });
});

describe('order of areas', () => {
  const area = (name: string, population: number, share: number | null): AreaResult => ({
    code: name,
    name,
    population,
    median_s: null,
    p90_s: null,
    coverage: [{ threshold_s: 900, covered: population * (share ?? 0), uncovered: population * (1 - (share ?? 0)), unreachable: 0, share }],
  });
  const areas = [area('Èze', 50, 0.5), area('Nulla', 0, null), area('Dosso', 100, 0.1), area('Fara', 10, 0.5)];
  const names = (column: Parameters<typeof sortAreas>[2], up: boolean) => sortAreas(areas, 0, column, up, 'it').map((a) => a.name);

  test('by share puts areas without people last, either way', () => {
    expect(names('share', true)).toEqual(['Dosso', 'Èze', 'Fara', 'Nulla']);
    expect(names('share', false)).toEqual(['Èze', 'Fara', 'Dosso', 'Nulla']);
  });

  test('by name follows the language', () => {
    expect(names('name', true)).toEqual(['Dosso', 'Èze', 'Fara', 'Nulla']);
  });

  test('by people and by those left out', () => {
    expect(names('people', false)).toEqual(['Dosso', 'Èze', 'Fara', 'Nulla']);
    expect(names('left', false)).toEqual(['Dosso', 'Èze', 'Fara', 'Nulla']);
    expect(areas[0]!.name).toBe('Èze');
  });
});
