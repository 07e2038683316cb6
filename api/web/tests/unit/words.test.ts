import { describe, expect, test } from 'vitest';
import { facilityName, gapName } from '../../src/tasks/coverage/gaps';
import { Translator } from '../../src/lib/i18n/translate';
import { noticeText } from '../../src/lib/notices';
import type { LeftOut as Gap } from '../../src/tasks/coverage/model';

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

  test('facilities without a name have words in the language of the page', () => {
    const names = { en: 'Pharmacy without a name', it: 'Farmacia senza nome' };
    expect(facilityName('Pharmacy without a name', names, it)).toBe('Farmacia senza nome');
    expect(facilityName('Farmacia Rossi', undefined, it)).toBe('Farmacia Rossi');
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
