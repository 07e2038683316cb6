// The dates of the pictures of a dataset, and how far they cover what is seen.
import type { BBox, RasterItem } from '../types';

/** Day is all pictures of one day. */
export interface Day {
  /** 2025-07-21 */
  day: string;
  items: RasterItem[];
  /** percent of the pictures under clouds, the mean where there are several; null is not known */
  clouds: number | null;
}

/** days groups pictures by day, the earliest first; those without a date are left out. */
export function days(items: readonly RasterItem[]): Day[] {
  const by = new Map<string, RasterItem[]>();
  for (const it of items) {
    const day = it.datetime?.slice(0, 10);
    if (!day || !/^\d{4}-\d{2}-\d{2}$/.test(day)) continue;
    by.set(day, [...(by.get(day) ?? []), it]);
  }
  return [...by.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, list]) => {
      const known = list.flatMap((it) => (typeof it.cloud_cover === 'number' ? [it.cloud_cover] : []));
      return { day, items: list, clouds: known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : null };
    });
}

/** within is what two boxes share; the first one when the second is not known, a box without area when they are apart. */
export function within(a: BBox, b: BBox | null): BBox {
  if (!b) return a;
  const [w, s] = [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
  return [w, s, Math.max(w, Math.min(a[2], b[2])), Math.max(s, Math.min(a[3], b[3]))];
}

export type Cover = 'whole' | 'part' | 'none';

/** A picture reaches the view when less than this share of the view is without it. */
const slack = 0.02;

/**
 * coverOf tells how much of a view the boxes of a day's pictures cover, by
 * looking at a grid of points; a picture may have holes of its own.
 */
export function coverOf(day: Day, view: BBox): Cover {
  const n = 12;
  let hit = 0;
  if (!(view[2] > view[0] && view[3] > view[1])) return 'none';
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const lon = view[0] + ((i + 0.5) / n) * (view[2] - view[0]);
      const lat = view[1] + ((k + 0.5) / n) * (view[3] - view[1]);
      if (day.items.some((it) => !it.bbox || (lon >= it.bbox[0] && lon <= it.bbox[2] && lat >= it.bbox[1] && lat <= it.bbox[3]))) hit++;
    }
  }
  if (hit === 0) return 'none';
  return hit >= n * n * (1 - slack) ? 'whole' : 'part';
}

/** Pictures with fewer clouds than this count as clear. */
export const clearBelow = 10;

/**
 * lastClear is the newest day with few clouds whose pictures lie in the view;
 * the least cloudy one when no day is clear, null when nothing is known.
 */
export function lastClear(list: readonly Day[], view: BBox | null): Day | null {
  const here = view ? list.filter((d) => coverOf(d, view) !== 'none') : list;
  const known = here.filter((d) => d.clouds !== null);
  const clear = known.filter((d) => d.clouds! < clearBelow).at(-1);
  if (clear) return clear;
  return known.reduce<Day | null>((best, d) => (best === null || d.clouds! <= best.clouds! ? d : best), null);
}
