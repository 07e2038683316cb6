// How many of several services people do not reach.
import type { ReportNotice } from '../../lib/types';

export interface IsolationRow {
  /** people[k] lack exactly k services, the last so many or more where classes are merged; null where they are hidden */
  people: (number | null)[] | null;
  suppressed?: boolean;
}

export interface IsolationAnswer {
  territory: { code: string; name: string };
  area_level?: string;
  profile: string;
  population_total: number;
  services: { service: string; title?: string; facilities: number }[];
  isolation: (IsolationRow & {
    threshold_s: number;
    /** the last of people are those who lack so many or more: apart they would show small groups */
    merged_from?: number;
    areas: (IsolationRow & { code: string; name: string })[];
  })[];
  disclosure?: { threshold: number; primary: number; secondary: number } | null;
  inputs: { dataset: string; version: string; title?: string; attribution?: string }[];
  notices: ReportNotice[] | null;
}

export interface Lacking {
  /** how many services are lacking */
  k: number;
  /** these people lack k services or more: how many more is not told */
  orMore: boolean;
  people: number;
  /** of all, 0…1 */
  share: number;
}

/** lacking lists the people by how many services they lack, from none on; null where they are hidden. The last entry of a row that is merged stands for merged or more. */
export function lacking(row: IsolationRow, merged = 0): Lacking[] | null {
  const list = row.people;
  if (!list || row.suppressed || list.some((n) => n === null)) return null;
  const all = list.reduce<number>((sum, n) => sum + n!, 0);
  return list.map((n, k) => ({ k, orMore: merged > 0 && k === merged, people: n!, share: all > 0 ? n! / all : 0 }));
}

/** classOf says which people an entry stands for, of as many services as were counted. */
export function classOf(l: Pick<Lacking, 'k' | 'orMore'>, services: number): 'none' | 'exactly' | 'more' | 'all' {
  if (l.k === 0) return 'none';
  if (l.orMore) return 'more';
  return l.k === services ? 'all' : 'exactly';
}

/** atLeast is how many people lack so many services or more; null where the list does not tell so many apart. */
export function atLeast(list: readonly Lacking[], k: number): number | null {
  const last = list.at(-1);
  if (last?.orMore && k > last.k) return null;
  return list.reduce((sum, l) => (l.k >= k ? sum + l.people : sum), 0);
}

/** shareOf is the share of those who lack so many or more; null where it is not known, or nobody lives. */
export function shareOf(list: readonly Lacking[] | null, k: number): number | null {
  const people = list ? (atLeast(list, 0) ?? 0) : 0;
  const some = list ? atLeast(list, k) : null;
  return some !== null && people > 0 ? some / people : null;
}

/** some is a middling number of services to lack: half of them, two at least. */
export const some = (services: number, most = services): number => Math.min(most, Math.max(2, Math.ceil(services / 2)));
