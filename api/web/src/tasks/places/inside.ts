// Whether an area holds a point, in the plane of longitude and latitude.
import type { Geometry, Position } from 'geojson';

function ring(r: readonly Position[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = r.length - 1; i < r.length; j = i++) {
    const [xi, yi] = r[i] as [number, number];
    const [xj, yj] = r[j] as [number, number];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** holds counts crossings over all rings, so that holes are outside. */
export function holds(g: Geometry, at: readonly number[]): boolean {
  const [x, y] = at as [number, number];
  const polygons = g.type === 'Polygon' ? [g.coordinates] : g.type === 'MultiPolygon' ? g.coordinates : [];
  return polygons.some((p) => p.reduce((inside, r) => inside !== ring(r, x, y), false));
}
