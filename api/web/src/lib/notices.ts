// Notices of a report or profile in the language of the page.
import type { Key, PluralKey, Translator } from './i18n/translate';
import { catalogues } from './i18n/translate';
import type { ReportNotice } from './types';

/** noticeText knows the program's own codes; for others the server gives the words. */
export function noticeText(n: ReportNotice, t: Translator): string {
  const key = `notice.${n.code}`;
  const values = n.values ?? {};
  if (`${key}.one` in catalogues.en && values.count !== undefined) return t.tn(key as PluralKey, values.count);
  const known = key in catalogues.en;
  // A text with numbers cannot be written without them.
  if (known && (n.code !== 'age-bands-incomplete' || (values.bands !== undefined && values.population !== undefined))) {
    return t.t(key as Key, Object.fromEntries(Object.entries(values).map(([k, v]) => [k, t.people(v)])));
  }
  return n.texts?.[t.lang] || n.text;
}
