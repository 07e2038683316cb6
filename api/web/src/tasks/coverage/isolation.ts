// How many of several services people do not reach.
import type { ReportNotice } from '../../lib/types';

export interface IsolationRow {
  /** people[k] lack exactly k services; null where they are hidden */
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
  people: number;
  /** of all, 0…1 */
  share: number;
}

/** lacking lists the people by how many services they lack, the most first; null where they are hidden. */
export function lacking(row: IsolationRow): Lacking[] | null {
  const list = row.people;
  if (!list || row.suppressed || list.some((n) => n === null)) return null;
  const all = list.reduce<number>((sum, n) => sum + n!, 0);
  return list.map((n, k) => ({ k, people: n!, share: all > 0 ? n! / all : 0 }));
}

/** atLeast is how many people lack so many services or more. */
export function atLeast(list: readonly Lacking[], k: number): number {
  return list.reduce((sum, l) => (l.k >= k ? sum + l.people : sum), 0);
}

/** shareOf is the share of those who lack so many or more; null where it is not known, or nobody lives. */
export function shareOf(list: readonly Lacking[] | null, k: number): number | null {
  const people = list ? atLeast(list, 0) : 0;
  return list && people > 0 ? atLeast(list, k) / people : null;
}

/** some is a middling number of services to lack: half of them, two at least. */
export const some = (services: number, most = services): number => Math.min(most, Math.max(2, Math.ceil(services / 2)));
