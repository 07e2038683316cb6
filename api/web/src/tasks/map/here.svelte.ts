// What there is at a place: one question to the server for all that is on the
// map, and one for each picture that is shown as an index or on a date.
import { asApiError, get, isAbort, type Answer, type ApiError } from '../../lib/api';
import { rasterQuery } from '../../lib/map/look';
import { catalog } from '../../lib/state/catalog.svelte';
import { layers, type Layer } from '../../lib/state/layers.svelte';
import { changed } from './words';

export type Found = Answer<'/here', 'get'>;
export type Value = Found['values'][number];

export interface Shown extends Value {
  layer: Layer | null;
}

class Here {
  state = $state<'idle' | 'asking' | 'ready' | 'error'>('idle');
  found = $state.raw<Found | null>(null);
  values = $state.raw<Shown[]>([]);
  error = $state.raw<ApiError | null>(null);
  private running: AbortController | null = null;

  /** ask gives up what was asked before. */
  async ask(lon: number, lat: number, radius: number): Promise<void> {
    this.running?.abort();
    const run = (this.running = new AbortController());
    this.state = 'asking';
    this.error = null;
    try {
      const on = layers.list.filter((l) => l.visible);
      const special = on.filter((l) => l.raster && changed({ ...l.look, colormap: null }));
      const always = catalog.collections.filter(
        (c) => c.contado.kind === 'raster' && (c.contado.role === 'elevation' || c.contado.role === 'landcover'),
      );
      const ids = [...new Set([...on.filter((l) => !special.includes(l)).map((l) => l.id), ...always.map((c) => c.id)])];
      const query = { lon, lat, radius: Math.min(2000, Math.max(5, Math.round(radius))), datasets: ids.join(',') };
      const [found, ...own] = await Promise.all([
        get('/here', { query, signal: run.signal }),
        ...special.map((l) => this.value(l, lon, lat, run.signal)),
      ]);
      if (this.running !== run) return;
      this.found = found;
      this.values = [...own.filter((v) => v !== null), ...found.values.map((v) => ({ ...v, layer: layers.find(v.dataset) ?? null }))];
      this.state = 'ready';
    } catch (e) {
      if (isAbort(e) || this.running !== run) return;
      this.error = asApiError(e);
      this.state = 'error';
    }
  }

  /** value is that of a picture as it is shown: the first item that has one. */
  private async value(l: Layer, lon: number, lat: number, signal: AbortSignal): Promise<Shown | null> {
    const { datetime, index, bands, mask } = rasterQuery({ ...l.look, colormap: null, terrain: null });
    const answer = await get('/xyz/{dataset}/point/{place}', {
      path: { dataset: l.id, place: `${lon},${lat}` },
      query: { datetime, index, bands, mask },
      signal,
    });
    const it = answer.items.find((i) => i.values.some((v) => v !== null)) ?? answer.items[0];
    if (!it) return null;
    return {
      dataset: l.id,
      title: l.title,
      role: l.collection.contado.role,
      item: it.item,
      datetime: it.datetime,
      readings: answer.band_names.map((name, i) => ({ name, unit: answer.units[i] ?? '', value: it.values[i] ?? null })),
      layer: l,
    };
  }

  clear(): void {
    this.running?.abort();
    this.found = null;
    this.values = [];
    this.state = 'idle';
  }
}

export const here = new Here();
