// How reports are worded on the page.
import type { components } from '../../lib/api';
import type { Key, Translator } from '../../lib/i18n/translate';

export type Summary = components['schemas']['reportSummary'];
export type Changed = components['schemas']['changedInput'];
export type Verdict = components['schemas']['verdict'];
export type Compared = components['schemas']['reportComparison'];

/** profile names a way of moving, in small letters. */
export function profile(t: Translator, id: string): string {
  return t.maybe(`reports.profile.${id}`, id);
}

/** minutes reads whole minutes as people write them, in order; none when one of them cannot be, or there are too many. */
export function minutes(text: string): number[] {
  const list = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map((w) => (/^\d{1,3}$/.test(w) ? Number(w) : NaN));
  if (list.length === 0 || list.length > 6 || list.some((m) => !(m >= 1 && m <= 240))) return [];
  return [...new Set(list)].sort((a, b) => a - b);
}

/** service names a service: its title, else the dataset's kind or id. */
export function service(s: { id: string; title?: string }, title: (dataset: string) => string): string {
  if (s.title) return s.title;
  const known = title(s.id);
  return known === s.id ? s.id.replace(/^.*:/, '') : known;
}

/** whole says all services and ways of moving of a report. */
export function subject(t: Translator, r: Summary, title: (dataset: string) => string): string {
  const services = r.services.map((s) => service(s, title)).join(', ');
  const profiles = r.profiles.map((p) => profile(t, p)).join(', ');
  return profiles ? `${services} – ${profiles}` : services;
}

/** reason says why an input is another now. */
export function reason(t: Translator, g: Changed): string {
  const key: Record<Changed['reason'], Key> = {
    absent: 'reports.newer.absent',
    edited: 'reports.newer.edited',
    renewed: 'reports.newer.renewed',
  };
  return t.t(key[g.reason], { was: g.was || '–', now: g.now ?? '–' });
}

/** once keeps the first entry of each dataset. */
export function once<T extends { dataset: string }>(list: readonly T[]): T[] {
  return list.filter((g, i) => list.findIndex((o) => o.dataset === g.dataset) === i);
}

/** band is a range of shares, low to high. */
export function band(t: Translator, low?: number | null, high?: number | null): string {
  return low === null || high === null || low === undefined || high === undefined
    ? ''
    : t.t('reports.band', { low: t.share(low), high: t.share(high) });
}

/** change writes a difference with its sign, a real minus, and 0 as ±0. */
export function change(t: Translator, v: number, digits = 0): string {
  const n = Number(v.toFixed(digits));
  return n === 0 ? t.number(0) : (n > 0 ? '+' : '−') + t.number(Math.abs(n), digits);
}

/** points writes a difference of shares in percentage points. */
export function points(t: Translator, v: number): string {
  return t.t('reports.points', { n: change(t, v * 100, 1) });
}

type Sited = NonNullable<Compared['siting']>[number];

/** site names the place of a further point, with its municipality where that says more; '' where there is none. */
export function site(t: Translator, p: Sited['a']['point']): string {
  if (!p) return '';
  const name = p.names?.[t.lang] ?? p.name;
  if (!name) return p.area_name ?? '';
  return p.area_name && !name.endsWith(p.area_name) ? `${name} (${p.area_name})` : name;
}

/** siteChange says what became of the best place for one more point; subject is the service and the way of moving. */
export function siteChange(t: Translator, s: Sited, subject: string): string {
  const { a, b } = { a: s.a.point, b: s.b.point };
  const values = {
    name: t.t('reports.siting.name', { subject, time: t.threshold(s.threshold_s) }),
    a: site(t, a),
    b: site(t, b),
    was: a ? t.people(a.newly_within) : '',
    now: b ? t.people(b.newly_within) : '',
    distance: s.distance_m === undefined ? '' : t.distance(s.distance_m),
  };
  if (!a) return t.t(b ? 'reports.siting.appeared' : 'reports.siting.neither', values);
  if (!b) return t.t('reports.siting.gone', values);
  if (!s.same) return t.t('reports.siting.moved', values);
  return t.t(values.was === values.now ? 'reports.siting.unchanged' : 'reports.siting.same', values);
}

/** setting words what is other in two reports. */
export function setting(t: Translator, s: Compared['settings'][number]): { name: string; a: string; b: string } {
  return { name: s.label?.[t.lang] ?? s.parameter, a: s.text_a?.[t.lang] ?? (s.a || '–'), b: s.text_b?.[t.lang] ?? (s.b || '–') };
}

/** parts are the services and ways of moving of a report's document. */
export interface Section {
  service: string;
  service_title?: string;
  profile: string;
  thresholds_s: number[];
  coverage: {
    threshold_s: number;
    covered: number | null;
    uncovered: number | null;
    unreachable: number | null;
    share: number | null;
    suppressed?: boolean;
  }[];
  ranges?: { threshold_s: number; low: number | null; high: number | null }[];
}

export interface ReportDocument extends Section {
  id: string;
  title: string;
  created_at: string;
  territory: { code: string; name: string };
  population_total: number;
  sections?: Section[];
  inputs: { dataset: string; version: string; role: string; sha256: string; title?: string; attribution?: string }[];
  rules?: { met: boolean | null }[];
  program: { name?: string; version: string };
}

export const sectionsOf = (d: ReportDocument): Section[] => d.sections ?? [d];
