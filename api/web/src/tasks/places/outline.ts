// The outline of a territory over a picture in Web Mercator.
import type { Geometry, Position } from 'geojson';

const side = 1000;

/** y of Web Mercator, in units that cancel out. */
const north = (lat: number): number => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));

/** outline is the d of a path in a square of 1000, whatever the shape of the picture; at most so many corners. */
export function outline(g: Geometry | null | undefined, bbox: readonly number[], most = 4000): string {
  const [w, s, e, n] = bbox as [number, number, number, number];
  const polygons = g?.type === 'Polygon' ? [g.coordinates] : g?.type === 'MultiPolygon' ? g.coordinates : [];
  const corners = polygons.reduce((sum, p) => sum + p.reduce((m, r) => m + r.length, 0), 0);
  const step = Math.max(1, Math.ceil(corners / most));
  const top = north(n);
  const high = top - north(s);
  const at = (p: Position): string => `${((((p[0] ?? 0) - w) / (e - w)) * side).toFixed(1)} ${(((top - north(p[1] ?? 0)) / high) * side).toFixed(1)}`;
  return polygons
    .flat()
    .map(
      (r) =>
        `M${r
          .filter((_, i) => i % step === 0)
          .map(at)
          .join('L')}Z`,
    )
    .join('');
}
