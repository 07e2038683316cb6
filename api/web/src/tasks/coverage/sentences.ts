// What the server says of its method, in the language of the page.
import type { Translator } from '../../lib/i18n/translate';
import type { Parameter } from './model';
import { beginnings, sentences } from './sentences.it';

/** sentence is a sentence of the server in the language of the page; what has no translation stays as it is. */
export function sentence(text: string, t: Translator): string {
  if (t.lang !== 'it') return text;
  const own = sentences[text];
  if (own) return own;
  for (const [en, it] of beginnings) if (text.startsWith(en)) return it + text.slice(en.length);
  return text;
}

/** valueOf writes the value of a setting with its unit. */
export function valueOf(p: Parameter, t: Translator): string {
  const v = p.value;
  let text: string;
  if (typeof v === 'number') text = t.number(v, 3);
  else if (typeof v === 'boolean') text = t.t(v ? 'coverage.value.yes' : 'coverage.value.no');
  else if (typeof v === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(v)) text = t.date(v);
  else text = typeof v === 'string' ? t.maybe(`coverage.value.${v}`, sentence(v, t)) : JSON.stringify(v);
  return p.unit ? `${text}\u00a0${p.unit}` : text;
}
