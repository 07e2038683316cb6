// What lies above what on the map, and what is shown at first.
import type { Collection, Role } from '../types';

/** Group is a heading of the layer list; the groups lie on each other in this order, from the top. */
export type Group = 'results' | 'data' | 'satellite';
export const groups: readonly Group[] = ['results', 'data', 'satellite'];

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

/** groupOf tells computed maps from data, and pictures from both. */
export function groupOf(c: Collection): Group {
  if (c.contado.role === 'imagery') return 'satellite';
  const computed = c.contado.kind === 'raster' && (c.contado.role === 'hazard' || c.contado.role === 'other');
  return c.contado.process || computed ? 'results' : 'data';
}

export function rank(c: Collection): number {
  const vector = c.contado.kind === 'raster' ? 0 : 45;
  return (2 - groups.indexOf(groupOf(c))) * 1000 + (ranks[c.contado.role] ?? ranks.other) + vector;
}

/** drawable tells whether a dataset can be put on a map at all. */
export function drawable(c: Collection): boolean {
  if (c.contado.kind === 'timetable') return false;
  return c.contado.kind === 'raster' || (c.contado.geometry_type ?? '') !== '';
}

/** listOrder is the order of the layer list: what lies on top comes first. */
export function listOrder(a: Collection, b: Collection): number {
  return rank(b) - rank(a) || (a.title || a.id).localeCompare(b.title || b.id);
}

/**
 * initial chooses the layers that are on at first: the services. Ground, roads,
 * water, borders and names are in the base map; without anything to make one of,
 * the first datasets are shown. The stops of a timetable are off: they stand at
 * every hamlet, and would hide its name and the services there.
 */
export function initial(collections: Collection[]): Set<string> {
  const shown = collections.filter(drawable);
  const stops = new Set(collections.filter((c) => c.contado.kind === 'timetable').map((c) => `${c.id}-stops`));
  const on = new Set(shown.filter((c) => c.contado.kind === 'vector' && c.contado.role === 'service' && !stops.has(c.id)).map((c) => c.id));
  const based: Role[] = ['landcover', 'elevation', 'road', 'place', 'territory'];
  if (!shown.some((c) => based.includes(c.contado.role))) for (const c of shown.slice(0, 3)) on.add(c.id);
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
