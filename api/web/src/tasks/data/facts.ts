// What the list and the page of a dataset say of it.
import type { components } from '../../lib/api';
import type { Translator } from '../../lib/i18n/translate';
import type { Filter } from './state.svelte';

export type Dataset = components['schemas']['collection'];
export type State = 'ok' | 'info' | 'warning';

/** stateOf is the health as far as the list knows it: what ingest had to say, and what is not said. */
export function stateOf(d: Dataset): State {
  if (d.contado.notices.some((n) => n.severity === 'warning')) return 'warning';
  return d.license && d.description ? 'ok' : 'info';
}

/** amount is how much there is: rows, pictures or bytes. */
export function amount(d: Dataset, t: Translator): string {
  const c = d.contado;
  if (c.count !== undefined) return t.tn('data.rows', c.count);
  if (c.items_count !== undefined) return t.tn('data.items', c.items_count);
  return bytes(c.bytes ?? 0, t);
}

export function bytes(n: number, t: Translator): string {
  if (n < 1e6) return t.t('data.kb', { n: t.number(n / 1e3, n < 1e4 ? 1 : 0) });
  if (n < 1e9) return t.t('data.mb', { n: t.number(n / 1e6, n < 1e7 ? 1 : 0) });
  return t.t('data.gb', { n: t.number(n / 1e9, 1) });
}

/** plain is text without accents and capitals, to be compared. */
export const plain = (s: string): string => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** matching are the datasets that all filters let through, in an order. */
export function matching(list: readonly Dataset[], f: Record<Filter, string>, order: string, lang: string): Dataset[] {
  const words = plain(f.find).split(/\s+/).filter(Boolean);
  const out = list.filter((d) => {
    const text = plain([d.id, d.title, d.description, d.attribution, ...(d.contado.keywords ?? [])].join(' '));
    return (
      words.every((w) => text.includes(w)) &&
      (!f.kind || d.contado.kind === f.kind) &&
      (!f.role || d.contado.role === f.role) &&
      (!f.licence || (d.license || '-') === f.licence) &&
      (!f.health || stateOf(d) === f.health)
    );
  });
  const name = (d: Dataset) => d.title || d.id;
  const size = (d: Dataset) => d.contado.bytes ?? 0;
  return out.sort((a, b) => {
    if (order === 'newest') return b.contado.published_at.localeCompare(a.contado.published_at);
    if (order === 'size') return size(b) - size(a);
    return name(a).localeCompare(name(b), lang);
  });
}
