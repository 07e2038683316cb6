// What kept reports say of a territory: the newest coverage of each service
// and way of moving, and the newest classes.
import { api, get } from '../../lib/api';
import type { CoverageReport, CoverageRow, Lang } from '../../lib/types';

export interface Coverage {
  /** dataset of the service, or how the report names it */
  service: string;
  title: string;
  profile: string;
  threshold: number;
  /** null: nobody lives there, or the number is hidden because it is small */
  share: number | null;
  uncovered: number | null;
  report: string;
  date: string;
}

export interface Class {
  scheme: string;
  level?: string;
  code: string;
  class: string;
  label?: Partial<Record<Lang, string>>;
  value?: number;
  official?: string;
  report: string;
  date: string;
}

export interface Kept {
  coverages: Coverage[];
  classes: Class[];
  /** reports of these territories that were not read */
  unread: number;
}

interface Document extends Partial<CoverageReport> {
  id: string;
  created_at: string;
  sections?: CoverageReport[];
  classes?: Omit<Class, 'report' | 'date'>[];
}

/** How many reports are looked through, and read, at most. */
const listed = 200;
const read = 8;
const quarter = 900;

/** usual is the row of a quarter of an hour, or the one in the middle. */
export function usual(rows: readonly CoverageRow[]): CoverageRow | undefined {
  return rows.find((r) => r.threshold_s === quarter) ?? rows[Math.floor(rows.length / 2)];
}

/** pick takes from documents, the newest first, what is said of a territory. */
export function pick(documents: readonly Document[], code: string): Omit<Kept, 'unread'> {
  const coverages = new Map<string, Coverage>();
  const classes = new Map<string, Class>();
  for (const d of documents) {
    for (const s of d.sections ?? (d.coverage ? [d as CoverageReport] : [])) {
      const rows = s.territory?.code === code || d.territory?.code === code ? s.coverage : s.areas?.find((a) => a.code === code)?.coverage;
      const row = usual(rows ?? []);
      const key = `${s.service} ${s.profile}`;
      if (!row || coverages.has(key)) continue;
      coverages.set(key, {
        service: s.service,
        title: s.service_title || s.service,
        profile: s.profile,
        threshold: row.threshold_s,
        share: row.share,
        uncovered: row.uncovered === null ? null : row.uncovered + (row.unreachable ?? 0),
        report: d.id,
        date: d.created_at,
      });
    }
    for (const c of d.classes ?? []) {
      if (c.code === code && c.class && (c.level ?? 'municipality') !== 'hamlet' && !classes.has(c.scheme)) {
        classes.set(c.scheme, { ...c, report: d.id, date: d.created_at });
      }
    }
  }
  return { coverages: [...coverages.values()], classes: [...classes.values()] };
}

/** kept reads the newest reports on a territory or on one that contains it. */
export async function kept(code: string, names: readonly string[], signal: AbortSignal): Promise<Kept> {
  const list = (await get('/reports', { query: { limit: listed }, signal })).reports;
  const about = list.filter((r) => names.includes(r.territory ?? ''));
  const documents = await Promise.all(about.slice(0, read).map((r) => api.report(r.id, signal) as Promise<Document>));
  return { ...pick(documents, code), unread: Math.max(0, about.length - read) };
}
