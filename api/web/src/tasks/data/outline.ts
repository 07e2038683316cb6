// A small picture of features, drawn here: points, lines and areas as SVG paths.
import type { FeatureCollection, Geometry, Position } from 'geojson';

export interface Outline {
  areas: string;
  lines: string;
  points: [number, number][];
}

/** outline fits features into a box of w × h; degrees of longitude are narrowed by the latitude. */
export function outline(features: FeatureCollection, w: number, h: number): Outline {
  const rings: { line: Position[]; area: boolean }[] = [];
  const dots: Position[] = [];
  const walk = (g: Geometry | null): void => {
    if (!g) return;
    if (g.type === 'Point') dots.push(g.coordinates);
    else if (g.type === 'MultiPoint') dots.push(...g.coordinates);
    else if (g.type === 'LineString') rings.push({ line: g.coordinates, area: false });
    else if (g.type === 'MultiLineString') rings.push(...g.coordinates.map((line) => ({ line, area: false })));
    else if (g.type === 'Polygon') rings.push(...g.coordinates.map((line) => ({ line, area: true })));
    else if (g.type === 'MultiPolygon') rings.push(...g.coordinates.flat().map((line) => ({ line, area: true })));
    else g.geometries.forEach(walk);
  };
  features.features.forEach((f) => walk(f.geometry));
  const all = [...dots, ...rings.flatMap((r) => r.line)];
  if (!all.length) return { areas: '', lines: '', points: [] };
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x = 0, y = 0] of all) {
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y);
  }
  const k = Math.cos((((y0 + y1) / 2) * Math.PI) / 180) || 1;
  const margin = 12;
  const scale = Math.min((w - 2 * margin) / Math.max((x1 - x0) * k, 1e-9), (h - 2 * margin) / Math.max(y1 - y0, 1e-9), 1e7);
  const at = (p: Position): [number, number] => [
    Math.round((w / 2 + ((p[0] ?? 0) - (x0 + x1) / 2) * k * scale) * 10) / 10,
    Math.round((h / 2 - ((p[1] ?? 0) - (y0 + y1) / 2) * scale) * 10) / 10,
  ];
  const path = (area: boolean) =>
    rings
      .filter((r) => r.area === area)
      .map((r) => 'M' + r.line.map((p) => at(p).join(' ')).join('L') + (area ? 'Z' : ''))
      .join('');
  return { areas: path(true), lines: path(false), points: dots.map(at) };
}
