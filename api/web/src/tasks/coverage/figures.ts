// Figures out of counts of which some are hidden: a hidden number lies between
// those around it, which are shown, so the page says between which.
import type { AreaCounts, BandCounts, Counts, Report } from './model';

/** A number that is known, or known to lie between two others. */
export interface Span {
  low: number;
  high: number;
}

export const exact = (s: Span): boolean => s.low === s.high;
export const middle = (s: Span): number => (s.low + s.high) / 2;

/** ages reads the years of a band: age_65_79, age_80_plus, 0-14. */
export function ages(band: string): { from: number; to: number } | null {
  const m = /^(?:age_)?(\d+)(?:[_-](\d+|plus)|(\+))?$/.exec(band);
  if (!m?.[1]) return null;
  const to = m[2] && m[2] !== 'plus' ? Number(m[2]) : Infinity;
  return { from: Number(m[1]), to };
}

/** groups are the people that can be asked about: everyone (''), each band, and joined ones ("65+"). */
export function groups(bands: readonly BandCounts[] | null): string[] {
  const names = (bands ?? []).map((b) => b.band);
  const out = ['', ...names];
  if (names.filter((b) => (ages(b)?.from ?? 0) >= 65).length > 1) out.push('65+');
  return out;
}

/** members are the counts of a group: of a whole, or of an area. */
export function members(whole: Counts, bands: readonly BandCounts[] | null | undefined, group: string): Counts[] | null {
  if (group === '') return [whole];
  const list = (bands ?? []).filter((b) => (group === '65+' ? (ages(b.band)?.from ?? 0) >= 65 : b.band === group));
  return list.length > 0 ? list : null;
}

export function whole(r: Report): Counts {
  return { population: r.population_total, coverage: r.coverage };
}

/** people of a group; a hidden number is above 0 and below the limit. */
export function people(list: readonly Counts[], limit: number): Span {
  const s = { low: 0, high: 0 };
  for (const c of list) {
    const hidden = c.suppressed || c.population === null;
    s.low += hidden ? 1 : c.population!;
    s.high += hidden ? Math.max(1, Math.ceil(limit) - 1) : c.population!;
  }
  return s;
}

/** covered people of a group at a step: what is hidden lies between its neighbours. */
export function covered(list: readonly Counts[], step: number, limit: number): Span {
  const s = { low: 0, high: 0 };
  for (const c of list) {
    const row = c.coverage[step];
    if (row && !row.suppressed && row.covered !== null) {
      s.low += row.covered;
      s.high += row.covered;
      continue;
    }
    const shown = (i: number): number | null => {
      const r = c.coverage[i];
      return r && !r.suppressed ? r.covered : null;
    };
    let low = 0;
    for (let i = step - 1; i >= 0; i--) {
      const v = shown(i);
      if (v !== null) {
        low = v;
        break;
      }
    }
    let high = people([c], limit).high;
    for (let i = step + 1; i < c.coverage.length; i++) {
      const v = shown(i);
      if (v !== null) {
        high = v;
        break;
      }
    }
    s.low += low;
    s.high += high;
  }
  return s;
}

/** share of a group at a step, 0…1; null where nobody lives. */
export function share(list: readonly Counts[], step: number, limit: number): Span | null {
  const all = people(list, limit);
  if (all.high === 0) return null;
  const c = covered(list, step, limit);
  return { low: Math.min(1, c.low / all.high), high: Math.min(1, c.high / Math.max(all.low, Number.MIN_VALUE)) };
}

/** left is who of a group is not covered at a step. */
export function left(list: readonly Counts[], step: number, limit: number): Span {
  const all = people(list, limit);
  const c = covered(list, step, limit);
  return { low: Math.max(0, all.low - c.high), high: Math.max(0, all.high - c.low) };
}

export interface AreaFigure {
  code: string;
  name: string;
  people: Span;
  covered: Span;
  share: Span | null;
  left: Span;
}

/** areaFigures are the figures of a group in every area; areas that do not tell of it are left out. */
export function areaFigures(areas: readonly AreaCounts[], group: string, step: number, limit: number): AreaFigure[] {
  return areas.flatMap((a) => {
    const list = members(a, a.age_bands, group);
    if (!list) return [];
    return [
      {
        code: a.code,
        name: a.name,
        people: people(list, limit),
        covered: covered(list, step, limit),
        share: share(list, step, limit),
        left: left(list, step, limit),
      },
    ];
  });
}

export interface Change {
  code: string;
  name: string;
  before: Span | null;
  after: Span | null;
  /** of the shares' middles, −1…1; null where nobody lives */
  points: number | null;
  /** people more within reach, the middle of what is known */
  people: number;
  exact: boolean;
}

/** changes compares the areas of two answers. */
export function changes(a: readonly AreaFigure[], b: readonly AreaFigure[]): Change[] {
  const after = new Map(b.map((x) => [x.code, x]));
  return a.flatMap((x) => {
    const y = after.get(x.code);
    if (!y) return [];
    return [
      {
        code: x.code,
        name: x.name,
        before: x.share,
        after: y.share,
        points: x.share && y.share ? middle(y.share) - middle(x.share) : null,
        people: middle(y.covered) - middle(x.covered),
        exact: exact(x.covered) && exact(y.covered),
      },
    ];
  });
}

const dotted = /^(-?\d+(?:\.\d+)?)\s*([NS]?)[\s,;]\s*(-?\d+(?:\.\d+)?)\s*([EWO]?)$/i;
const withCommas = /^(-?\d+(?:,\d+)?)\s*([NS]?)[\s;]\s*(-?\d+(?:,\d+)?)\s*([EWO]?)$/i;

/** place reads "45.97, 9.73", "45,97 9,73", "45.97 N 9.73 E" (latitude first) or null. */
export function place(text: string): { lon: number; lat: number } | null {
  const clean = text.trim().replaceAll('°', '');
  const m = dotted.exec(clean) ?? withCommas.exec(clean);
  if (!m?.[1] || !m[3]) return null;
  const lat = Number(m[1].replace(',', '.')) * (/s/i.test(m[2] ?? '') ? -1 : 1);
  const lon = Number(m[3].replace(',', '.')) * (/[wo]/i.test(m[4] ?? '') ? -1 : 1);
  return Math.abs(lat) < 85 && Math.abs(lon) <= 180 ? { lon, lat } : null;
}

/**
 * never is how many of the members cannot get there at all: hidden when some are told only with those who need
 * longer, null when the step is not told.
 */
export function never(list: Counts[], step: number): number | 'hidden' | null {
  const rows = list.map((c) => c.coverage[step]);
  if (rows.some((r) => !r || r.suppressed)) return null;
  if (rows.some((r) => r!.unreachable_suppressed)) return 'hidden';
  return rows.reduce((s, r) => s + (r!.unreachable ?? 0), 0);
}
