// A place that is no territory, as an address carries it.
import type { components } from '../../lib/api';

export type Found = components['schemas']['foundPlace'];

export interface Spot {
  kind: 'place' | 'service' | 'coordinates';
  name: string;
  lon: number;
  lat: number;
  dataset?: string;
  feature?: number;
}

const longest = 120;

/** spotOf is what was found, when it is no territory and lies somewhere. */
export function spotOf(f: Found): Spot | null {
  if (f.kind === 'territory' || !f.location) return null;
  const spot: Spot = { kind: f.kind, name: f.kind === 'coordinates' ? '' : f.name, lon: f.location.lon, lat: f.location.lat };
  if (f.dataset) spot.dataset = f.dataset;
  if (f.feature) spot.feature = f.feature;
  return spot;
}

/** readSpot reads "at=45.07,7.69" (latitude first, as people write it), its name and its row. */
export function readSpot(q: URLSearchParams): Spot | null {
  const m = /^(-?\d{1,2}(?:\.\d{1,9})?),(-?\d{1,3}(?:\.\d{1,9})?)$/.exec(q.get('at') ?? '');
  const lat = Number(m?.[1] ?? NaN);
  const lon = Number(m?.[2] ?? NaN);
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return null;
  const name = (q.get('n') ?? '').slice(0, longest);
  const row = /^([a-z0-9][a-z0-9-]{0,62})\/(\d{1,15})$/.exec(q.get('r') ?? '');
  const spot: Spot = { kind: name ? (q.get('k') === 'service' ? 'service' : 'place') : 'coordinates', name, lon, lat };
  if (row) {
    spot.dataset = row[1]!;
    spot.feature = Number(row[2]);
  }
  return spot;
}

export function writeSpot(s: Spot | null, q: URLSearchParams): void {
  if (!s) return;
  q.set('at', `${s.lat.toFixed(6).replace(/\.?0+$/, '')},${s.lon.toFixed(6).replace(/\.?0+$/, '')}`);
  if (s.name) q.set('n', s.name.slice(0, longest));
  if (s.kind === 'service') q.set('k', 'service');
  if (s.dataset && s.feature) q.set('r', `${s.dataset}/${s.feature}`);
}

/** degrees writes a position with the sides of the earth. */
export function degrees(lat: number, lon: number, number: (v: number, digits: number) => string, west: string): string {
  return `${number(Math.abs(lat), 5)}° ${lat < 0 ? 'S' : 'N'}, ${number(Math.abs(lon), 5)}° ${lon < 0 ? west : 'E'}`;
}
