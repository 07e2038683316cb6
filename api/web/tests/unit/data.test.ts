import { describe, expect, test } from 'vitest';
import { dressed, type StyleDocument } from '../../src/tasks/data/dress';
import { matching, stateOf, type Dataset } from '../../src/tasks/data/facts';
import { outline } from '../../src/tasks/data/outline';
import { idOf } from '../../src/tasks/data/upload.svelte';

const dataset = (id: string, more: Partial<Dataset> = {}, own: Partial<Dataset['contado']> = {}) =>
  ({
    id,
    title: id,
    contado: { kind: 'vector', role: 'service', notices: [], published_at: '2026-01-01T00:00:00Z', bytes: 1, ...own },
    ...more,
  }) as unknown as Dataset;
const none = { find: '', kind: '', role: '', licence: '', health: '' };

describe('the list', () => {
  const list = [
    dataset('a', { title: 'Città', license: 'CC0-1.0', description: 'x' }, { bytes: 5, published_at: '2026-03-01T00:00:00Z' }),
    dataset('b', { title: 'Boschi' }, { kind: 'raster', bytes: 9, notices: [{ severity: 'warning', code: 'x', message: 'y' }] }),
    dataset('c', { title: 'Acque' }, { keywords: ['fiumi'] }),
  ];
  const ids = (f: Partial<typeof none>, order = 'title') => matching(list, { ...none, ...f }, order, 'it').map((d) => d.id);
  test('is sorted', () => {
    expect(ids({})).toEqual(['c', 'b', 'a']);
    expect(ids({}, 'size')).toEqual(['b', 'a', 'c']);
    expect(ids({}, 'newest')[0]).toBe('a');
  });
  test('is searched without accents, in keywords too', () => {
    expect(ids({ find: 'citta' })).toEqual(['a']);
    expect(ids({ find: 'fiumi ACQUE' })).toEqual(['c']);
  });
  test('is filtered', () => {
    expect(ids({ kind: 'raster' })).toEqual(['b']);
    expect(ids({ licence: '-' })).toEqual(['c', 'b']);
    expect(ids({ health: 'warning' })).toEqual(['b']);
    expect(stateOf(list[0]!)).toBe('ok');
    expect(stateOf(list[2]!)).toBe('info');
  });
});

test('ids are made of names of files', () => {
  expect(idOf("Capolavori d'Arte – Università.shp")).toBe('capolavori-d-arte-universita');
  expect(idOf('comuni.geojson')).toBe('comuni');
});

test('an outline stays in its box', () => {
  const o = outline(
    {
      type: 'FeatureCollection',
      features: [
        { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [9, 45] } },
        { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [10, 46] } },
        { type: 'Feature', properties: {}, geometry: null as never },
      ],
    },
    320,
    180,
  );
  expect(o.points).toHaveLength(2);
  for (const [x, y] of o.points) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(320);
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y).toBeLessThanOrEqual(180);
  }
  expect(o.points[0]![1]).toBeGreaterThan(o.points[1]![1]); // north is up
});

test('a style is dressed without touching the one given', () => {
  const style = {
    version: 8,
    sources: {},
    layers: [{ id: 'a', type: 'fill', source: 's', paint: { 'fill-color': '#fff', 'fill-opacity': 1 } }],
  } as unknown as StyleDocument;
  const out = dressed(style, '#112233', 0.5, '') as unknown as { layers: { paint: Record<string, unknown> }[] };
  expect(out.layers[0]!.paint).toEqual({ 'fill-color': '#112233', 'fill-opacity': 0.5 });
  expect((style.layers[0] as unknown as { paint: Record<string, unknown> }).paint['fill-color']).toBe('#fff');
});
