// The features of a layer within a box, page by page.
import type { Feature, Geometry } from 'geojson';
import { address, asApiError, isAbort, local, send, type ApiError } from '../../lib/api';
import type { BBox, Link } from '../../lib/types';

export interface Row {
  id: string | number;
  properties: Record<string, unknown>;
  geometry: Geometry | null;
}

const size = 25;

class InView {
  of = $state('');
  rows = $state.raw<Row[]>([]);
  /** all that match; null is not known */
  matched = $state<number | null>(null);
  from = $state(0);
  next = $state<string | null>(null);
  error = $state.raw<ApiError | null>(null);
  private pages = $state.raw<string[]>([]);
  private running: AbortController | null = null;

  get before(): boolean {
    return this.pages.length > 1;
  }

  /**
   * ask takes the first page. Coordinates are thinned: a table needs no
   * outlines. What lies nowhere is in every box by the standard, and in no
   * view: the filter leaves it out.
   */
  async ask(id: string, box: BBox): Promise<void> {
    const bbox = box.map((v) => Number(v.toFixed(5))).join(',');
    const path = address('/collections/{id}/items', { id }, { bbox, filter: `S_INTERSECTS(geometry,BBOX(${bbox}))`, limit: size, 'zoom-level': 5 });
    if (this.pages[0] === path && this.of === id && !this.error) return;
    await this.load(id, path, 0, [path]);
  }

  async turn(by: 1 | -1): Promise<void> {
    if (by > 0 && this.next) await this.load(this.of, this.next, this.from + this.rows.length, [...this.pages, this.next]);
    else if (by < 0 && this.before) await this.load(this.of, this.pages.at(-2)!, Math.max(0, this.from - size), this.pages.slice(0, -1));
  }

  private async load(id: string, path: string, from: number, pages: string[]): Promise<void> {
    this.running?.abort();
    const run = (this.running = new AbortController());
    this.error = null;
    try {
      const r = await send(path, { headers: { Accept: 'application/geo+json' }, signal: run.signal });
      const page = (await r.json()) as { features: Feature[]; numberMatched?: number; links?: Link[] };
      if (this.running !== run) return;
      const next = page.links?.find((l) => l.rel === 'next');
      this.rows = page.features.map((f, i) => ({ id: f.id ?? from + i, properties: f.properties ?? {}, geometry: f.geometry }));
      this.matched = page.numberMatched ?? null;
      this.next = next ? local(next.href) : null;
      this.from = from;
      this.pages = pages;
      this.of = id;
    } catch (e) {
      if (isAbort(e) || this.running !== run) return;
      this.error = asApiError(e);
    }
  }
}

export const inView = new InView();

/** placeOf is the box of a geometry. */
export function placeOf(g: Geometry | null): BBox | null {
  if (!g || g.type === 'GeometryCollection') return null;
  const box: BBox = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (c: unknown): void => {
    if (!Array.isArray(c)) return;
    const [x, y] = c as unknown[];
    if (typeof x !== 'number' || typeof y !== 'number') return c.forEach(visit);
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  };
  visit(g.coordinates);
  return Number.isFinite(box[0]) ? box : null;
}
