// What lies above what on the map, and what is shown at first.
import type { Collection, Role } from '../types';

/** Ranks from the bottom: pictures of the ground, areas, lines, points. */
const ranks: Record<Role, number> = {
  imagery: 0,
  elevation: 10,
  landcover: 20,
  population: 30,
  other: 40,
  hazard: 50,
  territory: 60,
  barrier: 70,
  road: 80,
  place: 110,
  timetable: 115,
  service: 120,
};

/** Fixed places between the datasets. */
export const borderRank = 90;
export const selectionRank = 100;
export const labelsRank = 130;

/** rank orders a map layer of a dataset; borders of territories lie above roads. */
export function rank(c: Collection, layerType: string): number {
  const r = ranks[c.contado.role] ?? ranks.other;
  if (c.contado.role === 'territory' && layerType === 'line') return borderRank;
  if (layerType === 'symbol') return labelsRank;
  return r;
}

/** drawable tells whether a dataset can be put on a map at all. */
export function drawable(c: Collection): boolean {
  if (c.contado.kind === 'timetable') return false;
  return c.contado.kind === 'raster' || (c.contado.geometry_type ?? '') !== '';
}

/** listOrder is the order of the layer list: what lies on top comes first. */
export function listOrder(a: Collection, b: Collection): number {
  return rank(b, 'fill') - rank(a, 'fill') || (a.title || a.id).localeCompare(b.title || b.id);
}

/**
 * initial chooses the layers that are on at first: one picture of the ground
 * (land cover, else terrain, else imagery), borders, roads, barriers, services.
 */
export function initial(collections: Collection[]): Set<string> {
  const on = new Set<string>();
  const rasters = collections.filter((c) => c.contado.kind === 'raster');
  for (const role of ['landcover', 'elevation', 'imagery'] as const) {
    const c = rasters.find((r) => r.contado.role === role);
    if (c) {
      on.add(c.id);
      break;
    }
  }
  // Of nested territories the smallest have the borders of all.
  const towns = collections.filter((c) => c.contado.role === 'territory').sort((a, b) => (b.contado.count ?? 0) - (a.contado.count ?? 0));
  if (towns[0]) on.add(towns[0].id);
  const lines: Role[] = ['road', 'barrier', 'service'];
  for (const c of collections) {
    if (c.contado.kind === 'vector' && lines.includes(c.contado.role)) on.add(c.id);
  }
  if (on.size === 0) for (const c of collections.slice(0, 3)) on.add(c.id);
  return on;
}

/** extent is the box around all datasets, or around the territories when there are some. */
export function extent(collections: Collection[]): [number, number, number, number] | null {
  const some = collections.filter((c) => c.contado.role === 'territory');
  let box: [number, number, number, number] | null = null;
  for (const c of some.length > 0 ? some : collections) {
    const b = c.extent?.spatial?.bbox?.[0];
    if (!b || b.length < 4) continue;
    const [w, s, e, n] = [b[0]!, b[1]!, b[b.length / 2]!, b[b.length / 2 + 1]!];
    if (![w, s, e, n].every(Number.isFinite)) continue;
    box = box ? [Math.min(box[0], w), Math.min(box[1], s), Math.max(box[2], e), Math.max(box[3], n)] : [w, s, e, n];
  }
  return box;
}
