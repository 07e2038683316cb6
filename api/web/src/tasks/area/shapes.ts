// Polygons in longitude and latitude: how large, how many vertices, and what
// is wrong with them. No map and no state.
import type { MultiPolygon, Polygon, Position } from 'geojson';
import type { BBox } from '../../lib/types';

/** Rings of polygons: [polygon][ring][position], rings closed. */
export type Rings = Position[][][];

/** what is wrong, in the page's words; at is where */
export interface Fault {
  code: 'few' | 'crossing' | 'outside' | 'partly' | 'big' | 'vertices';
  at?: Position;
  /** blocks asking the server */
  stops: boolean;
}

export const maxVertices = 20_000;
/** square metres: a region and more */
export const maxArea = 60_000e6;

// The authalic sphere of WGS 84: surfaces on it are those on the ellipsoid.
const radius = 6_371_007.1809;
const e2 = 0.00669437999014;
const e = Math.sqrt(e2);
const q = (sin: number): number => (1 - e2) * (sin / (1 - e2 * sin * sin) + Math.atanh(e * sin) / e);
const qPole = q(1);
/** sine of the authalic latitude */
const authalic = (lat: number): number => Math.max(-1, Math.min(1, q(Math.sin((lat * Math.PI) / 180)) / qPole));

/** ringArea is the signed surface in m², with edges straight in longitude and the sine of the latitude. */
function ringArea(ring: Position[]): number {
  let sum = 0;
  for (let i = 0; i + 1 < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[i + 1]!];
    sum += (((b[0]! - a[0]!) * Math.PI) / 180) * (authalic(a[1]!) + authalic(b[1]!));
  }
  return (sum * radius * radius) / 2;
}

/** areaOf is the surface in m²; the server's own figure may differ in the fourth digit. */
export function areaOf(rings: Rings): number {
  let sum = 0;
  for (const polygon of rings) polygon.forEach((r, i) => (sum += (i === 0 ? 1 : -1) * Math.abs(ringArea(r))));
  return Math.max(0, sum);
}

/** verticesOf counts them, the closing ones not. */
export function verticesOf(rings: Rings): number {
  return rings.reduce((n, p) => n + p.reduce((m, r) => m + Math.max(0, r.length - 1), 0), 0);
}

export function boxOf(rings: Rings): BBox {
  const b: BBox = [Infinity, Infinity, -Infinity, -Infinity];
  for (const p of rings) {
    for (const [x, y] of p[0] ?? []) {
      b[0] = Math.min(b[0], x!);
      b[1] = Math.min(b[1], y!);
      b[2] = Math.max(b[2], x!);
      b[3] = Math.max(b[3], y!);
    }
  }
  return b;
}

const decimals = 1e6;
const round = (v: number): number => Math.round(v * decimals) / decimals;

/** settled closes rings, drops heights and repeated positions, and rounds to a decimetre, as the address does. */
export function settled(rings: Rings): Rings {
  return rings.map((p) =>
    p.map((r) => {
      const out: Position[] = [];
      for (const [x, y] of r) {
        const at: Position = [round(x!), round(y!)];
        const last = out.at(-1);
        if (!last || last[0] !== at[0] || last[1] !== at[1]) out.push(at);
      }
      const [first, last] = [out[0], out.at(-1)];
      if (first && last && (first[0] !== last[0] || first[1] !== last[1])) out.push([...first]);
      return out;
    }),
  );
}

export function ringsOf(g: Polygon | MultiPolygon): Rings {
  return g.type === 'Polygon' ? [g.coordinates] : g.coordinates;
}

export function geometryOf(rings: Rings): Polygon | MultiPolygon {
  return rings.length === 1 ? { type: 'Polygon', coordinates: rings[0]! } : { type: 'MultiPolygon', coordinates: rings };
}

const turn = (a: Position, b: Position, c: Position): number => (b[0]! - a[0]!) * (c[1]! - a[1]!) - (b[1]! - a[1]!) * (c[0]! - a[0]!);
const on = (a: Position, b: Position, p: Position): boolean =>
  Math.min(a[0]!, b[0]!) <= p[0]! && p[0]! <= Math.max(a[0]!, b[0]!) && Math.min(a[1]!, b[1]!) <= p[1]! && p[1]! <= Math.max(a[1]!, b[1]!);

/** meet is where two segments share a point, or null. */
function meet(a: Position, b: Position, c: Position, d: Position): Position | null {
  const [t1, t2, t3, t4] = [turn(c, d, a), turn(c, d, b), turn(a, b, c), turn(a, b, d)];
  if (t1 * t2 < 0 && t3 * t4 < 0) {
    const s = t1 / (t1 - t2);
    return [a[0]! + s * (b[0]! - a[0]!), a[1]! + s * (b[1]! - a[1]!)];
  }
  if (t1 === 0 && on(c, d, a)) return a;
  if (t2 === 0 && on(c, d, b)) return b;
  if (t3 === 0 && on(a, b, c)) return c;
  if (t4 === 0 && on(a, b, d)) return d;
  return null;
}

/** crossing finds where a ring touches or crosses itself; edges are swept from west to east. */
export function crossing(ring: Position[]): Position | null {
  const n = ring.length - 1;
  const edges = Array.from({ length: n }, (_, i) => {
    const [a, b] = [ring[i]!, ring[i + 1]!];
    return { i, a, b, from: Math.min(a[0]!, b[0]!), to: Math.max(a[0]!, b[0]!) };
  }).sort((x, y) => x.from - y.from);
  let open: typeof edges = [];
  for (const e of edges) {
    open = open.filter((o) => o.to >= e.from);
    for (const o of open) {
      const step = Math.abs(e.i - o.i);
      if (step === 1 || step === n - 1) {
        // Neighbours share a vertex; more they share only when one runs back over the other.
        const [first, second] = (o.i + 1) % n === e.i ? [o, e] : [e, o];
        if (n > 2 && turn(first.a, first.b, second.b) === 0 && (on(first.a, first.b, second.b) || on(second.a, second.b, first.a))) return first.b;
        continue;
      }
      const at = meet(o.a, o.b, e.a, e.b);
      if (at) return at;
    }
    open.push(e);
  }
  return null;
}

/** checked says what is wrong with an area; data is the box in which there are data. */
export function checked(rings: Rings, data: BBox | null): Fault[] {
  const out: Fault[] = [];
  const vertices = verticesOf(rings);
  const few: Fault[] = [{ code: 'few', stops: true }];
  if (rings.length === 0 || rings.some((p) => p.length === 0 || p.some((r) => r.length < 4))) return few;
  if (vertices > maxVertices) return [{ code: 'vertices', stops: true }];
  for (const r of rings.flat()) {
    const at = crossing(r);
    if (at) {
      out.push({ code: 'crossing', at, stops: true });
      break;
    }
  }
  // A bow tie has no area either: what is wrong with it is that it crosses.
  if (out.length === 0 && areaOf(rings) < 1) return few;
  if (areaOf(rings) > maxArea) out.push({ code: 'big', stops: true });
  if (data) {
    const b = boxOf(rings);
    if (b[2] < data[0] || b[0] > data[2] || b[3] < data[1] || b[1] > data[3]) out.push({ code: 'outside', stops: true });
    else if (b[0] < data[0] || b[1] < data[1] || b[2] > data[2] || b[3] > data[3]) out.push({ code: 'partly', stops: false });
  }
  return out;
}

/** circle is a polygon of 64 corners round a place; metres is its radius on the ellipsoid's mean sphere. */
export function circle(lon: number, lat: number, metres: number): Rings {
  const ring: Position[] = [];
  const d = metres / radius;
  const phi = (lat * Math.PI) / 180;
  for (let i = 0; i < 64; i++) {
    const az = (i / 64) * 2 * Math.PI;
    const y = Math.asin(Math.sin(phi) * Math.cos(d) + Math.cos(phi) * Math.sin(d) * Math.cos(az));
    const x = Math.atan2(Math.sin(az) * Math.sin(d) * Math.cos(phi), Math.cos(d) - Math.sin(phi) * Math.sin(y));
    ring.push([lon + (x * 180) / Math.PI, (y * 180) / Math.PI]);
  }
  return settled([[ring]]);
}
