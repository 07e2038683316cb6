// The layers of the catalog: which are on, how they look, what they mean, and
// how they lie on each other.
import type { StyleSpecification } from 'maplibre-gl';
import { address, asApiError, get, isAbort, readLegend, send, type ApiError } from '../api';
import { plain, rasterQuery, readLayers, styleQuery, writeLayers, type Look } from '../map/look';
import { marksOf, type Mark } from '../map/marks';
import { days, type Day } from '../map/dates';
import { drawable, groupOf, initial, listOrder, type Group } from '../map/order';
import type { Collection, Legend, RasterItem } from '../types';
import { locale } from '../i18n/index.svelte';

export class Layer {
  visible = $state(false);
  opacity = $state(1);
  look = $state.raw<Look>(plain);
  open = $state(false);
  style = $state.raw<StyleSpecification | null>(null);
  items = $state.raw<RasterItem[]>([]);
  legend = $state.raw<Legend | null>(null);
  error = $state.raw<ApiError | null>(null);
  legendError = $state.raw<ApiError | null>(null);
  readonly group: Group;
  /** how a service is told from the others */
  mark: Mark | null = null;
  readonly raster: boolean;
  readonly days = $derived<Day[]>(days(this.items));
  private styleOf = '';
  private legendOf = '';

  constructor(readonly collection: Collection) {
    this.items = collection.contado.items ?? [];
    this.raster = collection.contado.kind === 'raster';
    this.group = groupOf(collection);
  }

  get id(): string {
    return this.collection.id;
  }

  get title(): string {
    return this.collection.title || this.collection.id;
  }

  /** change sets some of the look. */
  change(part: Partial<Look>): void {
    this.look = { ...this.look, ...part };
  }

  /** day is the pictures that the look asks for; null is the newest of each place. */
  get day(): Day | null {
    return this.days.find((d) => d.day === this.look.date) ?? null;
  }

  /** load fetches the style, anew when the look asks for another; a failure can be tried again. */
  async load(): Promise<void> {
    const query = styleQuery(this.look);
    const wanted = address('/styles/{id}', { id: this.id }, query);
    if (this.styleOf === wanted) return;
    this.styleOf = wanted;
    this.error = null;
    try {
      const style = (await (await send(wanted, { headers: { Accept: 'application/json' } })).json()) as StyleSpecification;
      if (this.styleOf === wanted) this.style = style;
    } catch (e) {
      if (this.styleOf !== wanted) return;
      this.styleOf = '';
      if (!isAbort(e)) this.error = asApiError(e);
    }
  }

  /** loadItems fetches the items that the list of collections leaves out. */
  async loadItems(): Promise<void> {
    if ((this.collection.contado.items_count ?? 0) <= this.items.length) return;
    try {
      const whole = await get('/collections/{id}', { path: { id: this.id } });
      this.items = (whole.contado as Collection['contado']).items ?? this.items;
    } catch (e) {
      if (!isAbort(e)) this.error = asApiError(e);
    }
  }

  /** loadLegend fetches the legend of the look in the language of the page. */
  async loadLegend(): Promise<void> {
    const query = { ...(this.raster ? rasterQuery(this.look) : styleQuery(this.look)), lang: locale.lang };
    const wanted = address('/legend/{file}', { file: this.id }, query);
    if (this.legendOf === wanted) return;
    this.legendOf = wanted;
    this.legendError = null;
    try {
      const raw = (await (await send(wanted, { headers: { Accept: 'application/json' } })).json()) as Parameters<typeof readLegend>[0];
      if (this.legendOf === wanted) this.legend = readLegend(raw);
    } catch (e) {
      if (this.legendOf !== wanted) return;
      this.legendOf = '';
      if (!isAbort(e)) this.legendError = asApiError(e);
    }
  }
}

const beside = (l: Layer): boolean => l.collection.contado.role !== 'service';

class Layers {
  /** from the top */
  list = $state.raw<Layer[]>([]);
  /** whether a task colours the territories, whose own fill would dull its colours */
  areasCovered = $state(false);
  private first = '';
  private firstBeside = '';

  set(collections: Collection[]): void {
    const on = initial(collections);
    this.list = collections
      .filter(drawable)
      .sort(listOrder)
      .map((c) => {
        const l = new Layer(c);
        l.visible = on.has(c.id);
        return l;
      });
    const services = this.list.filter((l) => l.collection.contado.kind === 'vector' && l.collection.contado.role === 'service');
    const marks = marksOf(services.map((l) => l.title));
    for (const [i, l] of services.entries()) l.mark = marks[i]!;
    this.first = this.written();
    this.firstBeside = this.written(beside);
    if (this.waiting !== null) this.read(this.waiting);
  }

  find(id: string): Layer | undefined {
    return this.list.find((l) => l.id === id);
  }

  /** imagery is the uppermost layer that is on and has dates. */
  get imagery(): Layer | null {
    return this.list.find((l) => l.visible && l.raster && l.days.length > 1) ?? null;
  }

  /** onlyService leaves one service on the map: the one that a report is about. */
  onlyService(id: string): void {
    if (!this.list.some((l) => l.id === id)) return;
    for (const l of this.list) if (l.collection.contado.role === 'service') l.visible = l.id === id;
  }

  /** rasterBelow tells whether a picture of the ground is on, which fills should not cover. */
  get rasterBelow(): boolean {
    return this.list.some((l) => l.visible && l.raster);
  }

  /** ofGroup lists the layers of a group from the top. */
  ofGroup(group: Group): Layer[] {
    return this.list.filter((l) => l.group === group);
  }

  /** move puts a layer before another of its group; at the end without one. */
  move(layer: Layer, before: Layer | null): void {
    if (before === layer || (before && before.group !== layer.group)) return;
    const rest = this.list.filter((l) => l !== layer);
    let at = before ? rest.indexOf(before) : rest.findLastIndex((l) => l.group === layer.group) + 1;
    if (at <= 0 && !before) at = this.list.indexOf(layer);
    this.list = [...rest.slice(0, at), layer, ...rest.slice(at)];
  }

  /** step moves a layer up (-1) or down (1) in its group. */
  step(layer: Layer, by: -1 | 1): boolean {
    const own = this.ofGroup(layer.group);
    const i = own.indexOf(layer);
    if (i + by < 0 || i + by >= own.length) return false;
    this.move(layer, by < 0 ? own[i - 1]! : (own[i + 2] ?? null));
    return true;
  }

  private waiting: string | null = null;

  /** written is what is on, from the top, for an address; '' is what is on at first. */
  get text(): string {
    const now = this.written();
    return now === this.first ? '' : now || 'none';
  }

  /** textBeside is '' too while nothing but services differs, which tasks switch by themselves. */
  get textBeside(): string {
    return this.written(beside) === this.firstBeside ? '' : this.text;
  }

  private written(which: (l: Layer) => boolean = () => true): string {
    return writeLayers(this.list.filter((l) => l.visible && which(l)).map((l) => ({ id: l.id, opacity: l.opacity, look: l.look })));
  }

  /** read takes what text has written; it waits for the catalog. */
  read(text: string): void {
    if (this.list.length === 0) {
      this.waiting = text;
      return;
    }
    this.waiting = null;
    if (text === this.text) return;
    const wanted = readLayers((text || this.first).replace(/^none$/, ''));
    const at = (l: Layer): number => wanted.findIndex((w) => w.id === l.id);
    for (const l of this.list) {
      const w = wanted[at(l)];
      l.visible = w !== undefined;
      l.opacity = w?.opacity ?? 1;
      l.look = w?.look ?? plain;
    }
    // Those that are on take the places of those that are on, in their own order.
    const on = this.list.filter((l) => l.visible).sort((x, y) => at(x) - at(y));
    const groups = new Map<Group, Layer[]>();
    for (const l of on) groups.set(l.group, [...(groups.get(l.group) ?? []), l]);
    this.list = this.list.map((l) => (l.visible ? groups.get(l.group)!.shift()! : l));
  }
}

export const layers = new Layers();
