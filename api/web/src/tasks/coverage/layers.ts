// The layers of an answer on a map: times, shares, borders.
import type { FeatureCollection } from 'geojson';
import type { LayerSpecification, Map as MapLibre, RasterSourceSpecification, RasterTileSource } from 'maplibre-gl';
import type { Added } from '../../lib/map/host.svelte';
import type { Exploration } from './model';

/** Coded is the dataset of the areas, and its attribute that holds their codes. */
export interface Coded {
  dataset: string;
  field: string;
}

/** timesOn shows tiles of times, which the page colours itself. */
export function timesOn(tiles: string, surface: Pick<Exploration['surface'], 'bounds' | 'maxzoom'>): Added {
  return {
    sources: { 'coverage-times': { type: 'raster', tiles: [tiles], tileSize: 256, bounds: surface.bounds, maxzoom: surface.maxzoom } },
    layers: [
      {
        id: 'coverage-times',
        type: 'raster',
        source: 'coverage-times',
        paint: { 'raster-opacity': 0.85, 'raster-fade-duration': 0, 'raster-resampling': 'nearest' },
      },
    ],
    below: 'lines',
  };
}

const areas = (coded: Coded): Added['sources'] => ({
  'coverage-areas': { type: 'vector', url: `${location.origin}/xyz/${encodeURIComponent(coded.dataset)}.json` },
});

/** areasOn fills the areas by an expression. */
export function areasOn(coded: Coded, color: unknown): Added {
  const fill = {
    id: 'coverage-shares',
    type: 'fill',
    source: 'coverage-areas',
    'source-layer': coded.dataset,
    filter: ['==', ['geometry-type'], 'Polygon'],
    paint: { 'fill-color': color, 'fill-opacity': 0.88 },
  } as LayerSpecification;
  return { sources: areas(coded)!, layers: [fill], below: 'lines' };
}

/** bordersOn draws the borders, told apart whatever is below them. */
export function bordersOn(coded: Coded): Added {
  const border = (id: string, paint: object): LayerSpecification =>
    ({ id, type: 'line', source: 'coverage-areas', 'source-layer': coded.dataset, layout: { 'line-join': 'round' }, paint }) as LayerSpecification;
  return {
    sources: areas(coded)!,
    layers: [
      border('coverage-borders-halo', { 'line-color': '#ffffff', 'line-width': 2.4, 'line-opacity': 0.7 }),
      border('coverage-borders', { 'line-color': '#3b3a36', 'line-width': 0.9 }),
    ],
    below: 'overlay',
  };
}

/** marksOn puts a number on each group of people left out. */
export function marksOn(data: FeatureCollection): Added {
  return {
    sources: { 'coverage-left': { type: 'geojson', data } },
    layers: [
      {
        id: 'coverage-left',
        type: 'circle',
        source: 'coverage-left',
        paint: {
          'circle-radius': ['case', ['get', 'marked'], 13, 9],
          'circle-color': '#ffffff',
          'circle-stroke-color': '#7a1f2b',
          'circle-stroke-width': ['case', ['get', 'marked'], 4, 2.4],
        },
      },
      {
        id: 'coverage-left-numbers',
        type: 'symbol',
        source: 'coverage-left',
        layout: { 'text-field': ['to-string', ['get', 'number']], 'text-font': ['sans-serif'], 'text-size': 11, 'text-allow-overlap': true },
        paint: { 'text-color': '#5c1220' },
      },
    ],
  };
}

/** retile shows other tiles of times on a map that has some. */
export function retile(map: MapLibre | null, tiles: string): void {
  const source = map?.getSource('coverage-times') as RasterTileSource | undefined;
  const now = source?.serialize() as RasterSourceSpecification | undefined;
  if (source && tiles && now?.tiles?.[0] !== tiles) source.setTiles([tiles]);
}
