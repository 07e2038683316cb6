// Texts and numbers of one language, without any state.
import { enWords as en, itWords as it } from './words';
import type { Lang } from '../types';

export type Key = keyof typeof it;
export type Values = Record<string, string | number>;

export const catalogues: Record<Lang, Record<Key, string>> = { it, en };
export const locales: Record<Lang, string> = { it: 'it-IT', en: 'en-GB' };

/** fill puts values into {names}; a missing one stays visible. */
export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => (name in values ? String(values[name]) : all));
}

type Stem<K> = K extends `${infer S}.one` ? S : never;
/** PluralKey is a key with a .one and an .other form. */
export type PluralKey = Stem<Key>;

export class Translator {
  private readonly plural: Intl.PluralRules;
  private readonly formats = new Map<string, Intl.NumberFormat>();

  constructor(readonly lang: Lang) {
    this.plural = new Intl.PluralRules(locales[lang]);
  }

  t(key: Key, values?: Values): string {
    return fill(catalogues[this.lang][key], values);
  }

  /** maybe translates a key that comes from data, or returns the fallback. */
  maybe(key: string, fallback: string): string {
    const texts: Record<string, string> = catalogues[this.lang];
    return Object.hasOwn(texts, key) ? (texts[key] ?? fallback) : fallback;
  }

  /** count is for people: whole numbers, as they are counted. */
  tn(stem: PluralKey, n: number, values?: Values): string {
    const whole = Math.round(n);
    const form = this.plural.select(whole) === 'one' ? 'one' : 'other';
    return this.t(`${stem}.${form}` as Key, { n: this.number(whole), ...values });
  }

  /** number groups thousands always: 1.234 in Italian, which plain Intl writes 1234. */
  number(v: number, digits = 0, least = 0): string {
    const id = `${digits} ${least}`;
    let f = this.formats.get(id);
    if (!f) {
      f = new Intl.NumberFormat(locales[this.lang], { minimumFractionDigits: least, maximumFractionDigits: digits, useGrouping: 'always' });
      this.formats.set(id, f);
    }
    return f.format(v === 0 ? 0 : v);
  }

  /** people are counted whole. */
  people(v: number): string {
    return this.number(Math.round(v));
  }

  /** share writes 0…1 as a percentage; nearly all is never written as all, nor a few as none. */
  share(v: number, aligned = false): string {
    const p = v * 100;
    const sign = p > 99.95 && p < 100 ? '>' : p > 0 && p < 0.05 ? '<' : '';
    const shown = sign === '>' ? 99.9 : sign === '<' ? 0.1 : p;
    return sign + this.t('unit.percent', { n: this.number(shown, 1, aligned && v !== 0 && v !== 1 ? 1 : 0) });
  }

  area(km2: number): string {
    return this.t('unit.km2', { n: this.number(km2, km2 < 10 ? 2 : km2 < 1000 ? 1 : 0) });
  }

  hectares(ha: number): string {
    if (ha > 0 && ha < 0.05) return `<${this.t('unit.ha', { n: this.number(0.1, 1) })}`;
    return this.t('unit.ha', { n: this.number(ha, ha < 10 ? 1 : 0) });
  }

  metres(m: number): string {
    return this.t('unit.m', { n: this.number(Math.round(m)) });
  }

  distance(m: number): string {
    if (m < 950) return this.t('unit.m', { n: this.number(Math.max(50, Math.round(m / 50) * 50)) });
    return this.t('unit.km', { n: this.number(m / 1000, m < 10_000 ? 1 : 0) });
  }

  /** threshold names a limit exactly: 30 minutes, 1 hour. */
  threshold(s: number): string {
    if (s % 3600 === 0) return this.tn('unit.hours', s / 3600);
    if (s % 60 === 0 && s < 7200) return this.tn('unit.minutes', s / 60);
    return this.time(s);
  }

  /** time is rounded up to minutes, as in the printed report. */
  time(s: number): string {
    const min = Math.ceil(s / 60 - 1e-9);
    if (min < 60) return this.t('unit.min', { n: this.number(min) });
    const m = min % 60;
    const h = Math.floor(min / 60);
    if (m === 0) return this.t('unit.h', { n: this.number(h) });
    return this.t('unit.hmin', { h: this.number(h), m });
  }

  date(iso: string): string {
    const d = new Date(iso);
    if (Number.isNaN(d.getTime())) return iso;
    return new Intl.DateTimeFormat(locales[this.lang], { dateStyle: 'medium', timeZone: 'UTC' }).format(d);
  }

  /** ageBand reads age_65_79, age_80_plus, age_80, 0-14, female, male and female_age_0_14; others stay as they are. */
  ageBand(band: string): string {
    if (band === 'female' || band === 'male') return this.t(`sex.${band}`);
    const both = /^(female|male)_(age_.+)$/.exec(band);
    if (both) return `${this.t(`sex.${both[1] as 'female' | 'male'}`)}, ${this.ageBand(both[2]!)}`;
    const m = /^(?:age_)?(\d+)(?:[_-](\d+|plus)|(\+))?$/.exec(band);
    if (!m?.[1]) return band;
    const [, from, to, plus] = m;
    if (plus || to === undefined || to === 'plus') return this.t('age.from', { from });
    return this.t('age.range', { from, to });
  }
}
