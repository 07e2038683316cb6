// How the ground has changed between the first and the last date.
import type { Profile } from './state.svelte';

export interface Change {
  value: number;
  name: string;
  before: number;
  after: number;
}

/** change compares hectares by class; empty without two dates. */
export function change(dates: Profile['landcover_dates']): Change[] {
  const first = dates[0];
  const last = dates.at(-1);
  if (!first || !last || first === last) return [];
  const out = new Map<number, Change>();
  for (const c of first.classes) out.set(c.value, { value: c.value, name: c.name ?? '', before: c.hectares, after: 0 });
  for (const c of last.classes) {
    const was = out.get(c.value);
    out.set(c.value, { value: c.value, name: c.name ?? was?.name ?? '', before: was?.before ?? 0, after: c.hectares });
  }
  return [...out.values()].sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
}
