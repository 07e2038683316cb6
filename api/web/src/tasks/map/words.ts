// Words that several parts of the map task use.
import type { Translator } from '../../lib/i18n/translate';
import type { Layer } from '../../lib/state/layers.svelte';
import { plain, type Look } from '../../lib/map/look';

/** degrees writes a place, latitude first: 45,9714° N, 9,7583° E. */
export function degrees(t: Translator, lon: number, lat: number, digits = 5): string {
  const wrapped = ((((lon + 180) % 360) + 360) % 360) - 180;
  const fixed = (v: number): string =>
    new Intl.NumberFormat(t.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Math.abs(v));
  const north = t.t(lat < 0 ? 'map.south' : 'map.north.short');
  const east = t.t(wrapped < 0 ? 'map.west' : 'map.east');
  return `${fixed(lat)}° ${north}, ${fixed(wrapped)}° ${east}`;
}

/** lookWords says in words what a picture shows. */
export function lookWords(t: Translator, layer: Layer, look: Look = layer.look): string {
  const parts: string[] = [];
  if (look.index) parts.push(look.index);
  else if (look.terrain) parts.push(t.maybe(`map.terrain.${look.terrain}`, look.terrain));
  else if (look.bands) parts.push(t.maybe(`map.bands.${look.bands}`, look.bands));
  else if (layer.collection.contado.role === 'imagery') parts.push(t.t('map.look.natural'));
  if (look.by) parts.push(t.t('map.look.by', { field: look.by }));
  if (layer.days.length > 0) parts.push(look.date ? t.date(look.date) : t.t('layer.date.newest'));
  if (look.cloudless) parts.push(t.t('map.look.cloudless'));
  return parts.join(', ');
}

/** reading writes a value with few digits, and its unit. */
export function reading(t: Translator, value: number, unit = ''): string {
  const v = Math.abs(value);
  const text = t.number(value, Number.isInteger(value) || v >= 1000 ? 0 : v >= 10 ? 1 : v >= 1 ? 2 : 3);
  return unit ? `${text}\u00a0${unit === 'people' ? t.t('map.unit.people') : unit}` : text;
}

export const changed = (l: Look): boolean => JSON.stringify(l) !== JSON.stringify(plain);

/** longWords writes a length: 12,3 m, 950 m, 4,217 km. */
export function longWords(t: Translator, metres: number): string {
  return metres < 1000 ? t.t('unit.m', { n: t.number(metres, metres < 100 ? 1 : 0) }) : t.t('unit.km', { n: t.number(metres / 1000, 3) });
}

/** areaWords writes an area in square metres, hectares, or hectares and square kilometres. */
export function areaWords(t: Translator, squareMetres: number): string {
  if (squareMetres < 10_000) return t.t('map.measure.m2', { n: t.number(squareMetres, 0) });
  const ha = t.t('unit.ha', { n: t.number(squareMetres / 10_000, squareMetres < 1e6 ? 3 : 1) });
  return squareMetres < 1e7 ? ha : t.t('map.measure.both', { ha, km2: t.t('unit.km2', { n: t.number(squareMetres / 1e6, 2) }) });
}

/** ofSexAndAge tells bands of women or men of an age: cells do not tell them where people are protected, territories do. */
export const ofSexAndAge = (band: string): boolean => /^(fe)?male_age_/.test(band);
