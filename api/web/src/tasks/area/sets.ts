// Which datasets answer which question, and what can be asked of them.
import { get, type components } from '../../lib/api';
import type { Collection } from '../../lib/types';

export interface Band {
  name: string;
  common_name?: string | null;
  unit?: string | null;
  classes?: { value: number; name?: string; color?: string }[] | null;
}

export interface Index {
  name: string;
  title: string;
  formula: string;
  bands: string[];
  source: string;
}

/** Facts are what the collection says of itself beside the list. */
export interface Facts {
  bands: Band[];
  items: { id: string; datetime: string | null; cloud: number | null }[];
  complete: boolean;
}

const facts = new Map<string, Promise<Facts>>();
let indices: Promise<Index[]> | null = null;

type Named = components['schemas']['collection'];

export function factsOf(id: string): Promise<Facts> {
  const known = facts.get(id);
  if (known) return known;
  const p = load(id);
  facts.set(id, p);
  p.catch(() => facts.delete(id));
  return p;
}

async function load(id: string): Promise<Facts> {
  const c = (await get('/collections/{id}', { path: { id } })) as Named as unknown as Collection & { contado: { bands?: Band[] } };
  const items = (c.contado.items ?? []).map((i) => ({ id: i.id, datetime: i.datetime ?? null, cloud: i.cloud_cover ?? null }));
  items.sort((a, b) => (b.datetime ?? '').localeCompare(a.datetime ?? ''));
  return { bands: c.contado.bands ?? [], items, complete: (c.contado.items_count ?? items.length) <= items.length };
}

export function allIndices(): Promise<Index[]> {
  indices ??= get('/indices').then((r) => (r as unknown as { indices: Index[] }).indices);
  indices.catch(() => (indices = null));
  return indices;
}

/** possible are the indices that a dataset has all bands for. */
export function possible(all: readonly Index[], bands: readonly Band[]): Index[] {
  const have = new Set(bands.flatMap((b) => [b.common_name, b.name.toLowerCase()].filter(Boolean)));
  return all.filter((i) => i.bands.every((b) => have.has(b)));
}

/** masks tells whether the dataset says which cells are clouds. */
export function masks(bands: readonly Band[]): boolean {
  return bands.some((b) => /^(scl|qa_pixel|qa60|fmask)$/i.test(b.name) || b.classes?.some((c) => /cloud/i.test(c.name ?? '')));
}

export const isClasses = (b: Band | undefined): boolean => (b?.classes?.length ?? 0) > 0;

/** measurable are the rasters of amounts: not classes of land, not people, whose small counts are protected. */
export function measurable(list: readonly Collection[]): Collection[] {
  return list.filter((c) => c.contado.kind === 'raster' && !['population', 'landcover'].includes(c.contado.role));
}

export const covers = (list: readonly Collection[]): Collection[] =>
  list.filter((c) => c.contado.kind === 'raster' && c.contado.role === 'landcover');
export const pictures = (list: readonly Collection[]): Collection[] =>
  list.filter((c) => c.contado.kind === 'raster' && c.contado.role === 'imagery');
export const heights = (list: readonly Collection[]): Collection[] =>
  list.filter((c) => c.contado.kind === 'raster' && c.contado.role === 'elevation');
/** layers whose rows can lie inside an area */
export function layersOf(list: readonly Collection[]): Collection[] {
  return list.filter((c) => c.contado.kind === 'vector' && c.contado.geometry_type !== '' && !['population'].includes(c.contado.role));
}
