// Which data a number was made of, as "how was this computed?" lists them.
import type { Profile } from './state.svelte';

export type DataFact = Profile['data'][number];

export interface Source {
  title: string;
  version: number;
  date?: string;
  attribution?: string;
  href: string;
}

/** sourcesOf are the data of some roles; a date is that of the data, not of their arrival. */
export function sourcesOf(data: readonly DataFact[], roles: readonly string[], lang: string): Source[] {
  return data.filter((d) => roles.includes(d.role)).map((d) => sourceOf(d, lang));
}

export function sourceOf(d: DataFact, lang: string): Source {
  const s: Source = { title: d.title || d.dataset, version: d.version, href: `/collections/${encodeURIComponent(d.dataset)}?f=html&lang=${lang}` };
  const date = d.to ?? d.from;
  if (date) s.date = date;
  if (d.attribution) s.attribution = d.attribution;
  return s;
}

/** older is the share of people of 65 and more; null when the bands do not tell. */
export function older(bands: readonly { band: string; people: number }[]): number | null {
  let all = 0;
  let old = 0;
  for (const b of bands) {
    const m = /^(?:age_)?(\d+)(?:[_-](\d+|plus)|\+)?$/.exec(b.band);
    if (!m) return null;
    const from = Number(m[1]);
    if (from < 65 && (m[2] === 'plus' || m[2] === undefined || Number(m[2]) >= 65)) return null;
    all += b.people;
    if (from >= 65) old += b.people;
  }
  return all > 0 ? old / all : null;
}

interface Band {
  band: string;
  people: number;
}

/** Told is a band as the server has it: too few people are not told. */
interface Told {
  band: string;
  people: number | null;
}

const sexes = ['female', 'male'];

const shown = (bands: readonly Told[]): Band[] => bands.flatMap((b) => (b.people === null ? [] : [{ band: b.band, people: b.people }]));

/** byAge leaves out the bands that are no ages, and those that are not told. */
export const byAge = (bands: readonly Told[]): Band[] => shown(bands).filter((b) => !sexes.includes(b.band));

/** bySex are the people of each sex, women first; none unless both are told. */
export function bySex(bands: readonly Told[]): Band[] {
  const list = sexes.flatMap((s) => shown(bands).filter((b) => b.band === s));
  return list.length === sexes.length ? list : [];
}
