import { describe, expect, test } from 'vitest';
import { coverOf, days, lastClear, within } from '../../src/lib/map/dates';
import { areaOf, distance, lengthOf, parsePosition, parsePositions, type Position } from '../../src/lib/map/geodesic';
import { nameFirst, named } from '../../src/lib/fields';
import { mapHost } from '../../src/lib/map/host.svelte';
import { marked, marksOf } from '../../src/lib/map/marks';
import { plain, rasterQuery, readLayer, readLayers, styleQuery, writeLayer, writeLayers, type Written } from '../../src/lib/map/look';
import type { BBox, RasterItem } from '../../src/lib/types';

const box: BBox = [9, 45, 10, 46];
const item = (day: string | null, clouds: number | null, bbox: BBox = box): RasterItem => ({
  id: `${day}-${bbox[0]}`,
  datetime: day && `${day}T10:00:00Z`,
  cloud_cover: clouds,
  bbox,
});

describe('dates', () => {
  const list = days([item('2025-10-14', 31), item('2025-01-22', 3), item('2025-07-21', 1), item('2025-07-21', 5, [10, 45, 11, 46]), item(null, 0)]);

  test('are grouped by day, the earliest first', () => {
    expect(list.map((d) => [d.day, d.items.length, d.clouds])).toEqual([
      ['2025-01-22', 1, 3],
      ['2025-07-21', 2, 3],
      ['2025-10-14', 1, 31],
    ]);
    expect(days([item('2025-13', 1)])).toEqual([]);
    expect(days([item('2025-01-22', null)])[0]!.clouds).toBeNull();
  });

  test('cover a view wholly, in part, or not', () => {
    expect(coverOf(list[0]!, [9.2, 45.2, 9.8, 45.8])).toBe('whole');
    expect(coverOf(list[0]!, [9.5, 45.2, 10.5, 45.8])).toBe('part');
    expect(coverOf(list[1]!, [9.5, 45.2, 10.5, 45.8])).toBe('whole');
    expect(coverOf(list[0]!, [12, 45, 13, 46])).toBe('none');
    expect(coverOf(list[0]!, within([12, 45, 13, 46], box))).toBe('none');
    expect(within([9.5, 45.5, 12, 48], box)).toEqual([9.5, 45.5, 10, 46]);
    expect(within([9.5, 45.5, 12, 48], null)).toEqual([9.5, 45.5, 12, 48]);
  });

  test('the last clear one lies in the view', () => {
    expect(lastClear(list, null)?.day).toBe('2025-07-21');
    expect(lastClear(list, [10.2, 45.2, 10.8, 45.8])?.day).toBe('2025-07-21');
    expect(lastClear(days([item('2025-01-01', 80), item('2025-02-01', 40)]), box)?.day).toBe('2025-02-01');
    expect(lastClear(list, [30, 30, 31, 31])).toBeNull();
    expect(lastClear(days([item('2025-01-01', null)]), box)).toBeNull();
  });
});

describe('looks', () => {
  const whole: Written = {
    id: 'sentinel-2',
    opacity: 0.35,
    look: {
      ...plain,
      date: '2025-07-21',
      index: 'NDVI',
      colormap: 'viridis_r',
      cloudless: true,
      by: 'a~b,c:d é',
      method: 'jenks',
      classes: 7,
      palette: 'ylgn',
      bands: 'nir,red,green',
      terrain: 'slope',
    },
  };

  test('come back from an address', () => {
    expect(readLayer(writeLayer(whole))).toEqual(whole);
    expect(writeLayer({ id: 'roads', opacity: 1, look: plain })).toBe('roads');
    expect(readLayers(writeLayers([whole, { id: 'roads', opacity: 1, look: plain }]))).toHaveLength(2);
    // As it stands in an address, once more escaped and read.
    const q = new URLSearchParams({ l: writeLayers([whole]) });
    expect(readLayers(new URLSearchParams(q.toString()).get('l')!)).toEqual([whole]);
  });

  test('nonsense in an address is left out', () => {
    expect(readLayer('../x')).toBeNull();
    expect(readLayer('')).toBeNull();
    expect(readLayer('a~dyesterday~mmagic~o900~k-3~zq~%')).toEqual({ id: 'a', opacity: 1, look: { ...plain, classes: 2 } });
    expect(readLayers(',,;,a').map((w) => w.id)).toEqual(['a']);
    expect(readLayers(Array(500).fill('a').join())).toHaveLength(60);
  });

  test('become parameters of the API', () => {
    expect(rasterQuery(whole.look)).toEqual({ datetime: '2025-07-21', index: 'NDVI', colormap: 'viridis_r', mask: 'clouds' });
    expect(rasterQuery({ ...plain, bands: 'nir,red,green', colormap: 'viridis' })).toEqual({ bands: 'nir,red,green' });
    expect(rasterQuery(plain)).toEqual({});
    expect(styleQuery(plain)).toEqual({});
    expect(styleQuery(whole.look)).toEqual({ by: 'a~b,c:d é', method: 'jenks', classes: '7', palette: 'ylgn' });
    expect(styleQuery({ ...whole.look, method: 'categories' })).not.toHaveProperty('classes');
  });
});

describe('marks', () => {
  test('of services differ in their letters', () => {
    const titles = ['Farmacie', "Fermate dell'autobus", 'Medici di medicina generale', 'Ospedali', 'Scuole primarie', 'Uffici postali'];
    expect(marksOf(titles).map((m) => m.code)).toEqual(['Fa', 'Fe', 'M', 'O', 'S', 'U']);
    expect(marksOf(['Scuole primarie', 'Scuole medie', '«Asili»']).map((m) => m.code)).toEqual(['Sp', 'Sm', 'A']);
    expect(new Set(marksOf(titles).map((m) => m.color)).size).toBe(6);
    expect(marksOf(['', 'A', 'A'])).toHaveLength(3);
  });

  test('are small where many stand close, and have their letters when these fit', () => {
    const dots = [{ id: 'stops-circle', type: 'circle', source: 'stops', paint: {} } as const];
    const [fewDots, fewLetters] = marked([...dots], { color: '#123456', code: 'F' }, 16);
    const [manyDots, manyLetters] = marked([...dots], { color: '#123456', code: 'F' }, 203);
    const at = (l: typeof fewDots, zoom: number): number => {
      const r = (l!.paint as { 'circle-radius': unknown[] })['circle-radius'];
      return r[r.indexOf(zoom) + 1] as number;
    };
    expect(at(manyDots, 11)).toBeLessThan(at(fewDots, 11));
    for (const [d, l] of [
      [fewDots, fewLetters],
      [manyDots, manyLetters],
    ] as const)
      expect(at(d, l!.minzoom!)).toBeGreaterThanOrEqual(8);
  });
});

describe('measures', () => {
  test('are those of GeographicLib', () => {
    // Karney's GeodSolve: JFK to LHR, Flinders Peak to Buninyong (Geoscience Australia: 54972.271 m).
    expect(distance([-73.8, 40.6], [-0.5, 51.6])).toBeCloseTo(5551759.4, 0);
    expect(
      distance(
        [144 + 25 / 60 + 29.52442 / 3600, -(37 + 57 / 60 + 3.7203 / 3600)],
        [143 + 55 / 60 + 35.38388 / 3600, -(37 + 39 / 60 + 10.15611 / 3600)],
      ),
    ).toBeCloseTo(54972.271, 2);
    expect(distance([9, 45], [9, 45])).toBe(0);
    // A degree along the equator and across the antimeridian.
    expect(distance([0, 0], [1, 0])).toBeCloseTo(111319.491, 2);
    expect(distance([179.5, 0], [-179.5, 0])).toBeCloseTo(111319.491, 2);
    expect(
      lengthOf([
        [0, 0],
        [1, 0],
        [2, 0],
      ]),
    ).toBeCloseTo(2 * 111319.491, 2);
  });

  test('of areas agree with closed forms', () => {
    // An eighth of the ellipsoid; its whole surface is 510065621.7 km².
    expect(
      areaOf([
        [0, 0],
        [90, 0],
        [90, 90],
        [0, 90],
      ]) /
        (510065621724088.44 / 8),
    ).toBeCloseTo(1, 6);
    const small: Position[] = [
      [9, 46],
      [9.001, 46],
      [9.001, 46.001],
      [9, 46.001],
    ];
    const plane = distance(small[0]!, small[1]!) * distance(small[1]!, small[2]!);
    expect(areaOf(small) / plane).toBeCloseTo(1, 4);
    expect(areaOf([...small].reverse())).toBeCloseTo(areaOf(small), 6);
    expect(areaOf([...small, small[0]!])).toBeCloseTo(areaOf(small), 6);
    // Across the antimeridian it is the same square.
    expect(areaOf(small.map(([x, y]) => [((x + 171 - 0.0005 + 180) % 360) - 180, y]))).toBeCloseTo(areaOf(small), 3);
    expect(areaOf(small.slice(0, 2))).toBe(0);
  });

  test.each([
    ['45.9714 9.7583', [9.7583, 45.9714]],
    ['45.9714, 9.7583', [9.7583, 45.9714]],
    ['45,9714 9,7583', [9.7583, 45.9714]],
    ['45,9714; 9,7583', [9.7583, 45.9714]],
    ['45,9714, 9,7583', [9.7583, 45.9714]],
    ['45.5N 9.5E', [9.5, 45.5]],
    ['9.5 E 45.5 N', [9.5, 45.5]],
    ['45,5° N, 9,5° O', [-9.5, 45.5]],
    ['-10 -20.5', [-20.5, -10]],
    ['91 0', null],
    ['45', null],
    ['45 9 7', null],
    ['Roma', null],
    ['45 9 metri', null],
  ])('%s is read as a place', (text, want) => {
    expect(parsePosition(text)).toEqual(want);
  });

  test('lines that are no places are told by number', () => {
    expect(parsePositions('45 9\n\nhere\n46 10\n')).toEqual({
      positions: [
        [9, 45],
        [10, 46],
      ],
      bad: [3],
    });
  });
});

describe('the list of features', () => {
  const fields = ['capacity', 'Nome', 'hamlet'].map((name) => ({ name }));

  test('begins with the name, and keeps the order of the rest', () => {
    expect(nameFirst(fields).map((f) => f.name)).toEqual(['Nome', 'capacity', 'hamlet']);
    expect(nameFirst([{ name: 'label' }, { name: 'name' }]).map((f) => f.name)).toEqual(['name', 'label']);
    expect(nameFirst([{ name: 'a' }, { name: 'b' }]).map((f) => f.name)).toEqual(['a', 'b']);
    expect([named('NOME'), named('capacity'), named(undefined)]).toEqual([true, false, false]);
  });
});

describe('clicks on the map', () => {
  test('are for the newest claim, and for the last one while there is no other, whichever came first', () => {
    const owners = (...claims: [string, boolean?][]): string | null => {
      const left = claims.map(([who, last]) => mapHost.claim(who, {}, last));
      const { owner } = mapHost;
      for (const leave of left) leave();
      return owner;
    };
    expect(owners(['map', true])).toBe('map');
    expect(owners(['map', true], ['area'], ['coverage'])).toBe('coverage');
    expect(owners(['coverage'], ['map', true])).toBe('coverage');
    expect(mapHost.owner).toBeNull();
  });
});
