// Areas out of what people type or paste: coordinates, GeoJSON, WKT.
import type { Geometry, Position } from 'geojson';
import { settled, type Rings } from './shapes';

export interface Parsed {
  name: string;
  rings: Rings;
}

/** why a text is no area; the page has words for each */
export type ParseFault = 'empty' | 'long' | 'json' | 'nopolygon' | 'wkt' | 'number' | 'range' | 'few' | 'many' | 'crs';

export class ParseError extends Error {
  constructor(
    readonly code: ParseFault,
    readonly detail = '',
  ) {
    super(code);
  }
}

/** in which order pairs of coordinates are typed */
export type Order = 'latlon' | 'lonlat';

/** areas of one file or text */
export const maxAreas = 50;
/** characters or bytes of a text */
export const maxText = 5_000_000;

/** parseText reads areas out of any of the forms. */
export function parseText(text: string, order: Order): Parsed[] {
  const s = text.trim();
  if (!s) throw new ParseError('empty');
  if (s.length > maxText) throw new ParseError('long');
  if (s.startsWith('{')) return parseGeoJSON(s);
  if (/^(SRID=\d+;)?\s*(MULTI)?POLYGON/i.test(s)) return parseWKT(s);
  return [{ name: '', rings: settled(parseCoordinates(s, order)) }];
}

export function parseGeoJSON(text: string): Parsed[] {
  let doc: unknown;
  try {
    doc = JSON.parse(text);
  } catch (e) {
    throw new ParseError('json', e instanceof Error ? e.message : '');
  }
  const crs = (doc as { crs?: { properties?: { name?: string } } } | null)?.crs?.properties?.name;
  if (crs && !/(CRS84|:4326)$/.test(crs)) throw new ParseError('crs', crs);
  const out: Parsed[] = [];
  collect(doc, '', out, 0);
  if (out.length === 0) throw new ParseError('nopolygon');
  if (out.length > maxAreas) throw new ParseError('many', String(out.length));
  return out;
}

type Loose = {
  type?: string;
  features?: unknown[];
  geometry?: unknown;
  geometries?: unknown[];
  properties?: Record<string, unknown> | null;
  coordinates?: unknown;
} | null;

function collect(doc: unknown, name: string, out: Parsed[], depth: number): void {
  const d = doc as Loose;
  if (!d || typeof d !== 'object' || depth > 4 || out.length > maxAreas) return;
  if (d.type === 'FeatureCollection') for (const f of d.features ?? []) collect(f, '', out, depth + 1);
  else if (d.type === 'Feature') collect(d.geometry, nameOf(d.properties), out, depth + 1);
  else if (d.type === 'GeometryCollection') for (const g of d.geometries ?? []) collect(g, name, out, depth + 1);
  else if (d.type === 'Polygon' || d.type === 'MultiPolygon') out.push({ name, rings: settled(ringsIn(d as Geometry)) });
}

function nameOf(p: Record<string, unknown> | null | undefined): string {
  for (const k of ['name', 'nome', 'NAME', 'NOME', 'title', 'comune', 'COMUNE']) if (typeof p?.[k] === 'string' && p[k]) return p[k].slice(0, 80);
  return '';
}

function ringsIn(g: Geometry): Rings {
  const raw: unknown = g.type === 'Polygon' ? [g.coordinates] : g.type === 'MultiPolygon' ? g.coordinates : [];
  const list = (v: unknown): unknown[] => {
    if (!Array.isArray(v)) throw new ParseError('json', g.type);
    return v;
  };
  return list(raw).map((p) => list(p).map((r) => list(r).map((at) => position(list(at)[0], list(at)[1]))));
}

function position(x: unknown, y: unknown): Position {
  if (typeof x !== 'number' || typeof y !== 'number' || !Number.isFinite(x) || !Number.isFinite(y))
    throw new ParseError('number', `${String(x)}, ${String(y)}`);
  if (Math.abs(x) > 180 || Math.abs(y) > 90) throw new ParseError('range', `${x}, ${y}`);
  return [x, y];
}

/** parseWKT reads POLYGON and MULTIPOLYGON in longitude, latitude. */
export function parseWKT(text: string): Parsed[] {
  const m = /^(?:SRID=(\d+);)?\s*(MULTI)?POLYGON\s*(?:ZM|Z|M)?\s*(\([\s\S]*\))\s*;?$/i.exec(text.trim());
  if (!m) throw new ParseError('wkt');
  if (m[1] && m[1] !== '4326') throw new ParseError('crs', `EPSG:${m[1]}`);
  if (/[^\d\s.,()eE+-]/.test(m[3]!)) throw new ParseError('wkt');
  const json = m[3]!
    .replace(/[^(),]+/g, (words) => {
      const n = words.trim().split(/\s+/).filter(Boolean);
      if (n.length === 0) return '';
      if (n.length < 2 || n.some((w) => !Number.isFinite(Number(w)))) throw new ParseError('number', words.trim().slice(0, 60));
      return `[${Number(n[0])},${Number(n[1])}]`;
    })
    .replace(/\(/g, '[')
    .replace(/\)/g, ']');
  let rings: unknown;
  try {
    rings = JSON.parse(json);
  } catch {
    throw new ParseError('wkt');
  }
  const g = m[2] ? { type: 'MultiPolygon', coordinates: rings } : { type: 'Polygon', coordinates: rings };
  return [{ name: '', rings: settled(ringsIn(g as Geometry)) }];
}

/**
 * parseCoordinates reads a position a line ("45,86 9,71", "45.86, 9.71",
 * "45.86; 9.71"): the corners of a polygon; two of them are those of a
 * rectangle.
 */
export function parseCoordinates(text: string, order: Order): Rings {
  const ring: Position[] = [];
  for (const line of text
    .split(/\r?\n/)
    .map((l) => l.trim())
    .filter(Boolean)) {
    ring.push(parsePosition(line, order));
  }
  if (ring.length === 2) {
    const [p, q] = ring as [Position, Position];
    return [[[p, [q[0]!, p[1]!], q, [p[0]!, q[1]!]]]];
  }
  if (ring.length < 3) throw new ParseError('few');
  return [[ring]];
}

/** parsePosition reads one position. */
export function parsePosition(line: string, order: Order): Position {
  const [a, b] = pair(line.trim());
  return order === 'latlon' ? position(b, a) : position(a, b);
}

/** pair reads two numbers, whose decimals may stand behind a comma. */
function pair(line: string): [number, number] {
  const clean = line.replace(/[°()[\]]/g, ' ').trim();
  const words = /[;\s]/.test(clean.replace(/,\s+/g, ';')) ? clean.replace(/,\s+/g, ';').split(/[;\s]+/) : clean.split(',');
  const parts = words.filter(Boolean);
  if (parts.length === 2) {
    const n = parts.map((w) => Number(w.replace(',', '.')));
    if (n.every(Number.isFinite)) return n as [number, number];
  }
  throw new ParseError('number', line.slice(0, 60));
}
