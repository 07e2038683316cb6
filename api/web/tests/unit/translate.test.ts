import { describe, expect, test } from 'vitest';
import { Translator } from '../../src/lib/i18n/translate';

const it = new Translator('it');
const en = new Translator('en');
const plain = (s: string) => s.replaceAll('\u00a0', ' ');

describe('numbers', () => {
  test('group thousands, in Italian below ten thousand too', () => {
    expect(it.number(1234.5, 1)).toBe('1.234,5');
    expect(en.number(1234.5, 1)).toBe('1,234.5');
    expect(it.number(1234567)).toBe('1.234.567');
    expect(it.number(-0)).toBe('0');
  });

  test('people are whole', () => {
    expect(it.people(1233.6)).toBe('1.234');
  });

  test('shares in columns have their decimals below each other', () => {
    expect([0, 0.66, 0.677, 1].map((v) => plain(it.share(v, true)))).toEqual(['0 %', '66,0 %', '67,7 %', '100 %']);
  });

  test.each([
    [0, '0 %', '0%'],
    [0.0004, '<0,1 %', '<0.1%'],
    [0.0006, '0,1 %', '0.1%'],
    [0.7768, '77,7 %', '77.7%'],
    [0.99996, '>99,9 %', '>99.9%'],
    [0.9994, '99,9 %', '99.9%'],
    [1, '100 %', '100%'],
  ])('share %d', (v, italian, english) => {
    expect(plain(it.share(v))).toBe(italian);
    expect(en.share(v)).toBe(english);
  });

  test('plurals follow what is written', () => {
    expect(it.tn('unit.minutes', 1)).toBe('1\u00a0minuto');
    expect(it.tn('unit.minutes', 0.6)).toBe('1\u00a0minuto');
    expect(it.tn('unit.minutes', 0)).toBe('0\u00a0minuti');
    expect(it.tn('unit.minutes', 2345.2)).toBe('2.345\u00a0minuti');
    expect(en.tn('unit.minutes', 1.4)).toBe('1\u00a0minute');
    // Italian has a third form for millions, which the texts do not need.
    expect(it.tn('unit.minutes', 1_000_000)).toBe('1.000.000\u00a0minuti');
  });
});

describe('times', () => {
  test.each([
    [0, '0 min'],
    [60, '1 min'],
    [61, '2 min'],
    [3599, '1 h'],
    [3600, '1 h'],
    [3601, '1 h 1 min'],
    [7140, '1 h 59 min'],
    [7199, '2 h'],
  ])('%d s', (s, want) => expect(plain(it.time(s))).toBe(want));

  test('thresholds are exact', () => {
    expect(plain(it.threshold(900))).toBe('15 minuti');
    expect(plain(it.threshold(3600))).toBe('1 ora');
    expect(plain(it.threshold(5400))).toBe('90 minuti');
    expect(plain(en.threshold(7200))).toBe('2 hours');
  });
});

describe('other words', () => {
  test('age bands', () => {
    expect(it.ageBand('age_65_79')).toBe('65–79');
    expect(it.ageBand('age_80_plus')).toBe('80 e più');
    expect(en.ageBand('age_80')).toBe('80 and over');
    expect(en.ageBand('80+')).toBe('80 and over');
    expect(en.ageBand('0-14')).toBe('0–14');
    expect(en.ageBand('minors')).toBe('minors');
  });

  test('areas and distances', () => {
    expect(plain(it.hectares(0.004))).toBe('<0,1 ha');
    expect(plain(it.hectares(1234.6))).toBe('1.235 ha');
    expect(plain(it.area(7.123))).toBe('7,12 km²');
    expect(plain(it.area(1234.4))).toBe('1.234 km²');
    expect(plain(it.distance(20))).toBe('50 m');
    expect(plain(it.distance(930))).toBe('950 m');
    expect(plain(it.distance(2350))).toBe('2,4 km');
  });

  test('dates are in UTC, and nonsense stays as it is', () => {
    expect(it.date('2025-08-01T23:30:00Z')).toBe('1 ago 2025');
    expect(it.date('soon')).toBe('soon');
  });

  test('a key from data is never looked up beyond the catalogue', () => {
    expect(it.maybe('level.region', 'x')).toBe('Regione');
    expect(it.maybe('constructor', 'x')).toBe('x');
    expect(it.maybe('level.toString', 'parish')).toBe('parish');
  });
});
