// Which attribute of a territory layer holds the codes of its areas.
import type { Feature, Geometry } from 'geojson';
import type { BBox, Territory } from '../types';

// Boxes of features are computed from rounded coordinates, in degrees.
const tolerance = 1e-4;

/**
 * codeField finds the attribute whose value names, for most of the features,
 * the territory that they lie in. A number that merely looks like a code names
 * the wrong places, which counts against it; a name that agrees counts for it.
 */
export function codeField(features: Feature[], territories: Territory[]): string | null {
  const byCode = new Map(territories.map((t) => [t.code, t]));
  const scores = new Map<string, number>();
  for (const f of features) {
    const box = boxOf(f.geometry);
    const values = Object.entries(f.properties ?? {});
    for (const [k, v] of values) {
      const t = v === null ? undefined : byCode.get(String(v));
      if (!t) continue;
      const there = !box || !t.bbox || within(box, t.bbox);
      const named = values.some(([, other]) => other === t.name);
      scores.set(k, (scores.get(k) ?? 0) + (there ? 2 : -4) + (named ? 1 : 0));
    }
  }
  let best: string | null = null;
  for (const [k, n] of scores) if (n > 0 && (best === null || n > (scores.get(best) ?? 0))) best = k;
  return best;
}

function within(a: BBox, b: BBox): boolean {
  return a[0] >= b[0] - tolerance && a[1] >= b[1] - tolerance && a[2] <= b[2] + tolerance && a[3] <= b[3] + tolerance;
}

function boxOf(g: Geometry | null): BBox | null {
  if (!g) return null;
  const box: BBox = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (c: unknown): void => {
    if (!Array.isArray(c)) return;
    const [x, y] = c as unknown[];
    if (typeof x !== 'number' || typeof y !== 'number') return c.forEach(visit);
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  };
  if (g.type === 'GeometryCollection') g.geometries.forEach((part) => 'coordinates' in part && visit(part.coordinates));
  else visit(g.coordinates);
  return Number.isFinite(box[0]) ? box : null;
}
