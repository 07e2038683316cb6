// What the server says of files, in the reader's language and in the words of
// this page: switches of the command line are fields here.
import { ApiError } from '../../lib/api';
import type { Key, Translator } from '../../lib/i18n/translate';
import { sentences } from './plain.it';

export interface Said {
  text: string;
  /** the language of the text: English where it has not been translated */
  lang: 'it' | 'en';
}

const escaped = (s: string): string => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const compiled = sentences.map(([en, it]): [RegExp, string] => [new RegExp('^' + en.split('{}').map(escaped).join('(.*?)') + '$', 's'), it]);

/** fields of the page by the switches of the command line */
const fields: Record<string, Key> = {
  '--crs': 'data.crs',
  '--encoding': 'data.encoding',
  '--layer': 'data.layer',
  '--role': 'data.role',
  '--datetime': 'data.datetime',
  '--code-field': 'data.field.code_field',
  '--name-field': 'data.field.name_field',
  '--population-field': 'data.field.population_field',
};

/** translated is the Italian for a sentence of the server, parts of it included; null when there is none. */
export function translated(text: string): string | null {
  for (const [pattern, it] of compiled) {
    const m = pattern.exec(text);
    if (m) return it.replace(/\{(\d)\}/g, (_, n: string) => translated(m[Number(n)] ?? '') ?? m[Number(n)] ?? '');
  }
  return null;
}

/** together is what is wrong with what to do behind it, in brackets, as jobs say it. */
function together(text: string): string | null {
  if (!text.endsWith(')')) return null;
  for (let at = text.indexOf(' ('); at > 0; at = text.indexOf(' (', at + 1)) {
    const [what, next] = [translated(text.slice(0, at)), translated(text.slice(at + 2, -1))];
    if (what !== null && next !== null) return `${what}: ${next}`;
  }
  return null;
}

/** plain is a sentence of the server for readers of this page. */
export function plain(t: Translator, text: string): Said {
  if (t.lang === 'it') {
    // The name of a file may stand before the sentence.
    const [, name = '', rest = ''] = /^(\S{1,200}: )(.*)$/s.exec(text) ?? [];
    const behind = rest ? translated(rest) : null;
    const it = behind !== null ? name + behind : (together(text) ?? translated(text));
    if (it !== null) return { text: roles(t, it), lang: 'it' };
  }
  return { text: text.replace(/--[a-z]+(-[a-z]+)*/g, (f) => (fields[f] ? t.t('data.field.named', { name: t.t(fields[f]) }) : f)), lang: 'en' };
}

/** roles puts the names of roles for their ids. */
const roles = (t: Translator, text: string): string => text.replace(/«([a-z]+)»/g, (_, id: string) => `«${t.maybe(`role.${id}`, id)}»`);

/** example is one of the rows that a notice speaks of, as ingest names it: row 4: Farmacia del Lago. */
export const example = (t: Translator, text: string): string => text.replace(/^row (?=\d)/, () => `${t.t('data.row')} `);

/** plainError is an error with detail and hint for readers of this page. */
export function plainError(t: Translator, e: ApiError): ApiError {
  const { detail, hint } = e.problem;
  return new ApiError(
    e.kind,
    { ...e.problem, ...(detail ? { detail: plain(t, detail).text } : {}), ...(hint ? { hint: plain(t, hint).text } : {}) },
    { cause: e },
  );
}
