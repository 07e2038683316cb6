// What a raster can be asked for: bands and indices as options of a choice.
import type { Translator } from '../../lib/i18n/translate';
import { isClasses, possible, type Facts, type Index } from './sets';

export interface Option {
  value: string;
  label: string;
  group?: string;
}

/** valuesOf lists the indices of a picture first, then its bands of amounts. */
export function valuesOf(facts: Facts, indices: readonly Index[], t: Translator): Option[] {
  const bands = facts.bands.filter((b) => !isClasses(b));
  const list = possible(indices, facts.bands);
  const indexed = list.map((i) => ({
    value: i.name.toLowerCase(),
    label: t.maybe(`area.index.${i.name.toLowerCase()}`, `${i.name} – ${i.title}`),
    group: t.t('area.group.indices'),
  }));
  const grouped = indexed.length > 0 ? { group: t.t('area.group.bands') } : {};
  return [...indexed, ...bands.map((b) => ({ value: b.name, label: [b.name, b.common_name, b.unit].filter(Boolean).join(' · '), ...grouped }))];
}

/** formulaOf is that of an index, '' for a band. */
export function formulaOf(value: string, indices: readonly Index[]): string {
  const i = indices.find((x) => x.name.toLowerCase() === value.toLowerCase());
  return i ? `${i.name} = ${i.formula} (${i.source})` : '';
}
