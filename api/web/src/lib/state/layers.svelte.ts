// The layers of the catalog: which are on, how they look, what they mean.
import type { StyleSpecification } from 'maplibre-gl';
import { api, asApiError, isAbort, type ApiError } from '../api';
import { drawable, initial, listOrder } from '../map/order';
import type { Collection, Legend, RasterItem } from '../types';

export class Layer {
  visible = $state(false);
  opacity = $state(1);
  /** an item of imagery; null is the newest of each place */
  item = $state<string | null>(null);
  open = $state(false);
  style = $state.raw<StyleSpecification | null>(null);
  items = $state.raw<RasterItem[]>([]);
  legend = $state.raw<Legend | null>(null);
  error = $state.raw<ApiError | null>(null);
  legendError = $state.raw<ApiError | null>(null);
  private loading = false;
  private loadingLegend = false;

  constructor(readonly collection: Collection) {
    this.items = collection.contado.items ?? [];
  }

  get id(): string {
    return this.collection.id;
  }

  get title(): string {
    return this.collection.title || this.collection.id;
  }

  /** load fetches the style once; a failure can be tried again. */
  async load(): Promise<void> {
    if (this.style || this.loading) return;
    this.loading = true;
    this.error = null;
    try {
      this.style = await api.style(this.id);
    } catch (e) {
      if (!isAbort(e)) this.error = asApiError(e);
    } finally {
      this.loading = false;
    }
  }

  /** loadItems fetches the items that the list of collections leaves out. */
  async loadItems(): Promise<void> {
    if ((this.collection.contado.items_count ?? 0) <= this.items.length) return;
    try {
      this.items = (await api.collection(this.id)).contado.items ?? this.items;
    } catch (e) {
      if (!isAbort(e)) this.error = asApiError(e);
    }
  }

  async loadLegend(): Promise<void> {
    if (this.legend || this.loadingLegend) return;
    this.loadingLegend = true;
    this.legendError = null;
    try {
      this.legend = await api.legend(this.id);
    } catch (e) {
      if (!isAbort(e)) this.legendError = asApiError(e);
    } finally {
      this.loadingLegend = false;
    }
  }
}

class Layers {
  list = $state.raw<Layer[]>([]);
  /** whether a task colours the territories, whose own fill would dull its colours */
  areasCovered = $state(false);

  set(collections: Collection[]): void {
    const on = initial(collections.filter(drawable));
    this.list = collections
      .filter(drawable)
      .sort(listOrder)
      .map((c) => {
        const l = new Layer(c);
        l.visible = on.has(c.id);
        return l;
      });
  }

  /** onlyService leaves one service on the map: the one that a report is about. */
  onlyService(id: string): void {
    if (!this.list.some((l) => l.id === id)) return;
    for (const l of this.list) if (l.collection.contado.role === 'service') l.visible = l.id === id;
  }

  /** rasterBelow tells whether a picture of the ground is on, which fills should not cover. */
  get rasterBelow(): boolean {
    return this.list.some((l) => l.visible && l.collection.contado.kind === 'raster');
  }
}

export const layers = new Layers();
