// Lengths and areas on the WGS 84 ellipsoid. Positions are longitude, latitude
// in degrees, results metres and square metres.
export type Position = readonly [number, number];

const a = 6378137;
const f = 1 / 298.257223563;
const b = a * (1 - f);
const e2 = f * (2 - f);
const e = Math.sqrt(e2);
const rad = Math.PI / 180;

/**
 * distance is the length of the geodesic: Vincenty 1975, Survey Review 23
 * (176), inverse formula; accurate to a millimetre. Where it does not converge
 * (nearly antipodal places) the great circle on the mean sphere, right to 0.6 %.
 */
export function distance(p: Position, q: Position): number {
  const L = (((q[0] - p[0]) * rad + 3 * Math.PI) % (2 * Math.PI)) - Math.PI;
  const u1 = Math.atan((1 - f) * Math.tan(p[1] * rad));
  const u2 = Math.atan((1 - f) * Math.tan(q[1] * rad));
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let lambda = L;
  for (let i = 0; i < 100; i++) {
    const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
    const sinS = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
    if (sinS === 0) return 0;
    const cosS = s1 * s2 + c1 * c2 * cl;
    const sigma = Math.atan2(sinS, cosS);
    const sinA = (c1 * c2 * sl) / sinS;
    const cos2A = 1 - sinA * sinA;
    const cos2M = cos2A === 0 ? 0 : cosS - (2 * s1 * s2) / cos2A;
    const C = (f / 16) * cos2A * (4 + f * (4 - 3 * cos2A));
    const last = lambda;
    lambda = L + (1 - C) * f * sinA * (sigma + C * sinS * (cos2M + C * cosS * (2 * cos2M * cos2M - 1)));
    if (Math.abs(lambda - last) > 1e-12) continue;
    const k2 = (cos2A * (a * a - b * b)) / (b * b);
    const A = 1 + (k2 / 16384) * (4096 + k2 * (-768 + k2 * (320 - 175 * k2)));
    const B = (k2 / 1024) * (256 + k2 * (-128 + k2 * (74 - 47 * k2)));
    const d = B * sinS * (cos2M + (B / 4) * (cosS * (2 * cos2M * cos2M - 1) - (B / 6) * cos2M * (4 * sinS * sinS - 3) * (4 * cos2M * cos2M - 3)));
    return b * A * (sigma - d);
  }
  const h = Math.sin(((q[1] - p[1]) * rad) / 2) ** 2 + Math.cos(p[1] * rad) * Math.cos(q[1] * rad) * Math.sin(L / 2) ** 2;
  return 2 * 6371008.8 * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** lengthOf is that of a line. */
export function lengthOf(line: readonly Position[]): number {
  let sum = 0;
  for (let i = 1; i < line.length; i++) sum += distance(line[i - 1]!, line[i]!);
  return sum;
}

/** zone is the area of the ellipsoid between the equator and a latitude, over one radian (Snyder 1987, eq. 3-12). */
function zone(lat: number): number {
  const s = Math.sin(lat * rad);
  const q = (1 - e2) * (s / (1 - e2 * s * s) + Math.atanh(e * s) / e);
  return (a * a * q) / 2;
}

/** Edges are cut into pieces of at most so many metres, whose ends lie on the great circle. */
const piece = 2000;

/**
 * areaOf is the area of a ring, closed or not: exact for edges that run
 * straight in an equal-area cylindrical projection, between points some 2 km
 * apart on the great circles between the vertices. Against geodesic edges the
 * error stays below 1e-6 of the area for polygons of a country's size.
 */
export function areaOf(ring: readonly Position[]): number {
  const n = ring.length;
  if (n < 3) return 0;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let last = ring[i]!;
    for (const next of along(last, ring[(i + 1) % n]!)) {
      const dx = (((next[0] - last[0]) * rad + 3 * Math.PI) % (2 * Math.PI)) - Math.PI;
      sum += (dx * (zone(last[1]) + zone(next[1]))) / 2;
      last = next;
    }
  }
  return Math.abs(sum);
}

/** along gives the points between two places, and the second of them. */
function* along(p: Position, q: Position): Generator<Position> {
  const n = Math.min(500, Math.ceil(distance(p, q) / piece));
  if (n > 1) {
    const [u, v] = [vector(p), vector(q)];
    const w = Math.acos(Math.min(1, Math.max(-1, u[0] * v[0] + u[1] * v[1] + u[2] * v[2])));
    for (let i = 1; i < n && w > 0; i++) {
      const s = Math.sin((1 - i / n) * w) / Math.sin(w);
      const t = Math.sin((i / n) * w) / Math.sin(w);
      const [x, y, z] = [s * u[0] + t * v[0], s * u[1] + t * v[1], s * u[2] + t * v[2]];
      // Geodetic latitudes are those of the normal: the vectors are unit normals.
      yield [Math.atan2(y, x) / rad, Math.atan2(z, Math.hypot(x, y)) / rad];
    }
  }
  yield q;
}

function vector([lon, lat]: Position): [number, number, number] {
  const c = Math.cos(lat * rad);
  return [c * Math.cos(lon * rad), c * Math.sin(lon * rad), Math.sin(lat * rad)];
}

/** parsePositions reads one place a line, as people write them: 45.97, 9.75 (latitude first, commas or spaces; Italian decimals with a semicolon or space between). */
export function parsePositions(text: string): { positions: Position[]; bad: number[] } {
  const positions: Position[] = [];
  const bad: number[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const p = parsePosition(line);
    if (p) positions.push(p);
    else bad.push(i + 1);
  }
  return { positions, bad };
}

/** parsePosition reads "latitude, longitude" in degrees; 45,97 9,75 and 45.97N 9.75E too. */
export function parsePosition(text: string): Position | null {
  const numbers = /[;\s]/.test(text.trim().replace(/\s*,\s+/g, ';')) ? text.replace(/,\s+/g, ';').replace(/(\d),(\d)/g, '$1.$2') : text;
  const found = [...numbers.matchAll(/([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEWO])?/gi)];
  if (found.length !== 2 || numbers.replace(/[+-]?\d{1,3}(?:\.\d+)?\s*°?\s*[NSEWO]?/gi, '').replace(/[\s,;]/g, '') !== '') return null;
  const value = (m: RegExpMatchArray): number => Number(m[1]) * (/[SWO]/i.test(m[2] ?? '') ? -1 : 1);
  let [lat, lon] = [value(found[0]!), value(found[1]!)];
  if (/[EWO]/i.test(found[0]![2] ?? '') && !/[EWO]/i.test(found[1]![2] ?? '')) [lat, lon] = [lon, lat];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? [lon, lat] : null;
}
