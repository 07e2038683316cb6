import { describe, expect, test } from 'vitest';
import { formatCamera, formatHash, parseCamera, parseHash } from '../../src/lib/state/hash';

const q = (values: Record<string, string>) => new URLSearchParams(values);

describe('addresses of tasks', () => {
  test.each([
    ['#/coverage?t=999&lang=it', 'coverage', 't=999&lang=it'],
    ['#/map', 'map', ''],
    ['#/reports/abc?x=1', 'reports', 'x=1'],
    ['#/', '', ''],
    ['', '', ''],
    // the older form
    ['#t=999&v=coverage&lang=en', 'coverage', 't=999&lang=en'],
    ['#t=999', 'places', 't=999'],
    ['#lang=it', '', 'lang=it'],
    ['#/coverage?a=%3Cscript%3E', 'coverage', 'a=%3Cscript%3E'],
    ['#/%2e%2e/x', '%2e%2e', ''],
  ])('%s', (hash, task, query) => {
    const p = parseHash(hash);
    expect(p.task).toBe(task);
    expect(p.q.toString()).toBe(query);
  });

  test('come back as they were written', () => {
    for (const values of [{}, { t: 'a/b c&d' }, { t: '999', m: '12/45.1/7.3', s: 'à,b:c~d+e%', lang: 'it' }] as Record<string, string>[]) {
      const p = parseHash(formatHash('area', q(values)));
      expect(p.task).toBe('area');
      expect(Object.fromEntries(p.q)).toEqual(values);
    }
  });

  test('stay legible', () => {
    expect(formatHash('map', q({ m: '12/45.1/7.3', l: 'a,b:0.5' }))).toBe('#/map?m=12/45.1/7.3&l=a,b:0.5');
    expect(formatHash('places', q({}))).toBe('#/places');
  });
});

describe('cameras', () => {
  test('come back as they were written', () => {
    for (const c of [
      { zoom: 12.34, lat: 45.12345, lon: 7.12345, bearing: 0, pitch: 0 },
      { zoom: 3, lat: -89.9, lon: 179.9, bearing: -30.5, pitch: 60 },
      { zoom: 19, lat: 0, lon: 0, bearing: 0, pitch: 0 },
    ]) {
      const back = parseCamera(formatCamera(c))!;
      expect(back.zoom).toBeCloseTo(c.zoom, 2);
      // Within a pixel of a world of 512 × 2^zoom.
      expect(Math.abs(back.lat - c.lat)).toBeLessThan(360 / 512 / 2 ** c.zoom);
      expect(Math.abs(back.lon - c.lon)).toBeLessThan(360 / 512 / 2 ** c.zoom);
      expect([back.bearing, back.pitch]).toEqual([c.bearing, c.pitch]);
    }
  });

  test.each([
    null,
    '',
    '12',
    '12/45',
    '12/45/7/1/2/3',
    'a/45/7',
    '12//7',
    '99/45/7',
    '12/91/7',
    '12/45/999',
    '12/45/7/0/90',
    'Infinity/1/1',
    '1/ /2',
  ])('%s is none', (text) => {
    expect(parseCamera(text)).toBeNull();
  });

  test('without direction are short', () => {
    expect(formatCamera({ zoom: 8, lat: 45.123456, lon: 7, bearing: 0, pitch: 0 })).toBe('8/45.123/7');
    expect(parseCamera('8/45/7')).toEqual({ zoom: 8, lat: 45, lon: 7, bearing: 0, pitch: 0 });
  });
});
