// What can be chosen, by what the catalog holds.
import type { Collection } from '../../lib/types';

export { ways } from '../../lib/ways';

export interface Season {
  value: string;
  /** of a mask of snow or water: its title and day; of a snow line its height */
  title?: string;
  date?: string;
  metres?: number;
}

/** seasons are masks of the catalog, a day each, and heights of the snow line. */
export function seasons(collections: readonly Collection[]): Season[] {
  const out: Season[] = [];
  for (const c of collections) {
    if (c.contado.role !== 'hazard' || c.contado.kind !== 'raster') continue;
    const word = /flood|alluv|esond|inond/i.test(`${c.id} ${c.title ?? ''}`) ? 'flood' : 'snow';
    const days = (c.contado.items ?? []).flatMap((i) => (i.datetime ? [i.datetime.slice(0, 10)] : []));
    if (days.length === 0) out.push({ value: `${word}:${c.id}`, title: c.title || c.id });
    for (const date of days.slice(0, 12)) out.push({ value: `${word}:${c.id}@${date}`, title: c.title || c.id, date });
  }
  if (collections.some((c) => c.contado.role === 'elevation'))
    for (const metres of [800, 1200, 1600]) out.push({ value: `snowline:${metres}`, metres });
  return out;
}
