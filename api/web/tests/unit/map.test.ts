import type { Feature, Geometry } from 'geojson';
import { describe, expect, test } from 'vitest';
import { codeField } from '../../src/lib/map/codes';
import { drawable, extent, groupOf, initial, listOrder, rank } from '../../src/lib/map/order';
import { nobodyColor, opacities, scaled, shareClasses, shareColor } from '../../src/lib/map/paint';
import type { BBox, Collection, Role, Territory } from '../../src/lib/types';

function collection(id: string, role: Role, kind: 'raster' | 'vector' | 'timetable', bbox?: number[], geometry = 'Point'): Collection {
  return {
    id,
    ...(bbox ? { extent: { spatial: { bbox: [bbox] } } } : {}),
    contado: { kind, role, version: 1, ...(kind === 'vector' ? { geometry_type: geometry } : {}) },
  };
}

const all = [
  collection('dem', 'elevation', 'raster', [9, 43, 13, 46]),
  collection('clc', 'landcover', 'raster', [9, 43, 13, 46]),
  collection('s2', 'imagery', 'raster'),
  collection('people', 'population', 'raster'),
  collection('towns', 'territory', 'vector', [10, 44, 11, 45], 'MultiPolygon'),
  collection('roads', 'road', 'vector'),
  collection('pharmacy', 'service', 'vector'),
  collection('trees', 'other', 'vector'),
];

describe('layers', () => {
  test('begin with the services, over a base map of the rest', () => {
    expect([...initial(all)]).toEqual(['pharmacy']);
    // Stops of a timetable stand everywhere; those of no timetable are a service like others.
    const stops = collection('bus-stops', 'service', 'vector');
    expect([...initial([...all, stops, collection('bus', 'timetable', 'timetable')])]).toEqual(['pharmacy']);
    expect([...initial([...all, stops])]).toEqual(['pharmacy', 'bus-stops']);
    // Without anything to make a base map of, something is shown all the same.
    expect([...initial([collection('trees', 'other', 'vector')])]).toEqual(['trees']);
    expect([...initial([collection('s2', 'imagery', 'raster'), collection('people', 'population', 'raster')])]).toEqual(['s2', 'people']);
  });

  test('lie on each other from ground to points, computed maps on top, pictures at the bottom', () => {
    const fire = collection('burned', 'hazard', 'raster');
    const ids = [...all, fire].sort(listOrder).map((c) => c.id);
    expect(ids).toEqual(['burned', 'pharmacy', 'roads', 'towns', 'trees', 'people', 'clc', 'dem', 's2']);
    expect(groupOf(fire)).toBe('results');
    expect(groupOf(all[2]!)).toBe('satellite');
    expect(rank(all[4]!)).toBeLessThan(rank(all[5]!));
  });

  test('tables and timetables are not drawn', () => {
    expect(drawable(collection('x', 'population', 'vector', undefined, ''))).toBe(false);
    expect(drawable(collection('x', 'timetable', 'timetable'))).toBe(false);
    expect(all.every(drawable)).toBe(true);
  });

  test('the map opens on the territories, else on everything', () => {
    expect(extent(all)).toEqual([10, 44, 11, 45]);
    expect(extent(all.slice(0, 4))).toEqual([9, 43, 13, 46]);
    expect(extent([collection('z', 'territory', 'vector', [1, 2, 0, 3, 4, 9])])).toEqual([1, 2, 3, 4]);
    expect(extent([])).toBeNull();
  });
});

describe('opacity', () => {
  test('multiplies numbers and the outputs of zoom expressions, not their stops', () => {
    expect(scaled(0.5, 0.5)).toBe(0.25);
    expect(scaled(['interpolate', ['linear'], ['zoom'], 8, 0.4, 14, 1], 0.5)).toEqual(['interpolate', ['linear'], ['zoom'], 8, 0.2, 14, 0.5]);
    expect(scaled(['step', ['zoom'], 0.2, 10, 1], 0.5)).toEqual(['step', ['zoom'], 0.1, 10, 0.5]);
    expect(scaled(['get', 'o'], 0.5)).toEqual(['*', ['get', 'o'], 0.5]);
  });

  test('knows the properties of each kind of layer', () => {
    expect(opacities({ id: 'a', type: 'fill', source: 's', paint: { 'fill-opacity': 0.4 } }, 0.5)).toEqual([['fill-opacity', 0.2]]);
    expect(opacities({ id: 'a', type: 'circle', source: 's' }, 0.5)).toEqual([
      ['circle-opacity', 0.5],
      ['circle-stroke-opacity', 0.5],
    ]);
    expect(opacities({ id: 'a', type: 'raster', source: 's' }, 0)).toEqual([['raster-opacity', 0]]);
  });
});

describe('shares', () => {
  test('are coloured by class, lower bounds inclusive', () => {
    expect(shareColor(0)).toBe(shareClasses[0]!.color);
    expect(shareColor(0.1999)).toBe(shareClasses[0]!.color);
    expect(shareColor(0.2)).toBe(shareClasses[1]!.color);
    expect(shareColor(0.1 + 0.2 + 0.3)).toBe(shareClasses[3]!.color);
    expect(shareColor(1)).toBe(shareClasses.at(-1)!.color);
    expect(shareColor(null)).toBe(nobodyColor);
  });
});

describe('codeField', () => {
  const square = (x: number): Geometry => ({
    type: 'Polygon',
    coordinates: [
      [
        [x, 0],
        [x + 1, 0],
        [x + 1, 1],
        [x, 1],
        [x, 0],
      ],
    ],
  });
  const feature = (x: number, properties: Record<string, unknown> | null): Feature => ({ type: 'Feature', geometry: square(x), properties });
  const territory = (code: string, name: string, x: number): Territory => ({ code, name, bbox: [x, 0, x + 1, 1] });
  const territories = [territory('1', 'A', 0), territory('2', 'B', 1), territory('3', 'C', 2)];

  test('is not misled by a number that names other places', () => {
    const features = [feature(0, { id: 3, cat: 1 }), feature(1, { id: 2, cat: 2 }), feature(2, { id: 1, cat: 3 })];
    expect(codeField(features, territories)).toBe('cat');
    expect(codeField(features.slice(0, 1), territories)).toBe('cat');
    expect(codeField([features[0]!, feature(0, null)], territories)).toBe('cat');
  });

  test('prefers what agrees with the name when places do not tell', () => {
    const bare = territories.map(({ code, name }) => ({ code, name }));
    expect(codeField([feature(0, { id: 3, cat: 1, town: 'A' })], bare)).toBe('cat');
  });

  test('takes parts of a territory, and finds nothing where nothing fits', () => {
    const whole = [{ code: '9', name: 'W', bbox: [0, 0, 3, 1] as BBox }];
    expect(codeField([feature(0, { c: '9' }), feature(2, { c: '9' })], whole)).toBe('c');
    expect(codeField([feature(0, { c: 'x' })], whole)).toBeNull();
    expect(codeField([feature(7, { c: '9' })], whole)).toBeNull();
  });
});
