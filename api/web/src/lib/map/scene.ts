// The map itself: a MapLibre map that draws only this server's layers. It
// knows nothing of the page; the page tells it what to show.
import {
  Map as MapLibre,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type LayerSpecification,
  type RasterTileSource,
  type StyleSpecification,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import type { FeatureCollection, Geometry } from 'geojson';
import type { BBox, Collection } from '../types';
import { gapsRank, labelsRank, rank, selectionRank, sharesRank } from './order';
import { opacities } from './paint';

setWorkerUrl(workerUrl);

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface SceneEvents {
  click(lon: number, lat: number): void;
  /** A source could not be loaded; its id is the dataset's where there is one. */
  failed(source: string, message: string): void;
  hover(name: string | null, x: number, y: number): void;
}

interface Managed {
  spec: LayerSpecification;
  rank: number;
  dataset: string | null;
}

const empty: FeatureCollection = { type: 'FeatureCollection', features: [] };
const font = ['sans-serif'];

export class Scene {
  readonly map: MapLibre;
  private readonly managed: Managed[] = [];
  private readonly ready: Promise<void>;

  constructor(container: HTMLElement, bounds: BBox | null, padding: Padding, events: SceneEvents) {
    this.map = new MapLibre({
      container,
      style: { version: 8, sources: {}, layers: [{ id: 'paper', type: 'background', paint: { 'background-color': '#eef0ec' } }] },
      ...(bounds ? { bounds, fitBoundsOptions: { padding } } : { center: [12.5, 42.5], zoom: 5 }),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      maxZoom: 19,
      fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 150,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 90 }), 'bottom-left');
    this.ready = new Promise((resolve) => this.map.once('style.load', () => resolve()));
    this.map.on('click', (e) => events.click(e.lngLat.lng, e.lngLat.lat));
    this.map.on('error', (e) => {
      const source = 'sourceId' in e && typeof e.sourceId === 'string' ? e.sourceId : '';
      events.failed(source, e.error?.message ?? '');
    });
    this.map.on('mousemove', (e) => {
      const name = this.nameAt(e.point.x, e.point.y);
      this.map.getCanvas().style.cursor = name ? 'pointer' : '';
      events.hover(name, e.point.x, e.point.y);
    });
    this.map.on('mouseout', () => events.hover(null, 0, 0));
    void this.ready.then(() => this.addOwnLayers());
  }

  remove(): void {
    this.map.remove();
  }

  /** show adds a dataset's layers or changes how they look. */
  async show(c: Collection, style: StyleSpecification, look: { opacity: number; dim: number; item: string | null }): Promise<void> {
    await this.ready;
    this.addSource(c.id, style);
    if (look.item !== null || c.contado.role === 'imagery') this.setItem(c.id, style, look.item);
    for (const spec of style.layers) {
      if (!this.managed.some((m) => m.spec.id === spec.id)) this.add(spec, rank(c, spec.type), c.id);
      const factor = spec.type === 'fill' ? look.opacity * look.dim : look.opacity;
      this.map.setLayoutProperty(spec.id, 'visibility', 'visible');
      for (const [k, v] of opacities(spec, factor)) this.map.setPaintProperty(spec.id, k as 'fill-opacity', v as number);
    }
  }

  async hide(dataset: string): Promise<void> {
    await this.ready;
    for (const m of this.managed) if (m.dataset === dataset) this.map.setLayoutProperty(m.spec.id, 'visibility', 'none');
  }

  /** select outlines a territory. */
  async select(geometry: Geometry | null): Promise<void> {
    await this.ready;
    this.setData('selection', geometry ? { type: 'FeatureCollection', features: [{ type: 'Feature', properties: {}, geometry }] } : empty);
  }

  /** labels are names at points. */
  async labels(data: FeatureCollection): Promise<void> {
    await this.ready;
    this.setData('labels', data);
  }

  async labelsVisible(on: boolean): Promise<void> {
    await this.ready;
    this.map.setLayoutProperty('labels', 'visibility', on ? 'visible' : 'none');
  }

  /** gaps are the groups left out, with properties number, people, name. */
  async gaps(data: FeatureCollection): Promise<void> {
    await this.ready;
    this.setData('gaps', data);
  }

  /** shares colours the polygons of a territory dataset; null takes the colours off. */
  async shares(dataset: string | null, tileJSON: string, color: unknown): Promise<void> {
    await this.ready;
    const i = this.managed.findIndex((m) => m.spec.id === 'shares');
    if (i >= 0) {
      this.map.removeLayer('shares');
      this.managed.splice(i, 1);
    }
    if (dataset === null) return;
    if (!this.map.getSource(dataset)) this.map.addSource(dataset, { type: 'vector', url: absolute(tileJSON) });
    const spec = {
      id: 'shares',
      type: 'fill',
      source: dataset,
      'source-layer': dataset,
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': color, 'fill-opacity': 0.92 },
    } as LayerSpecification;
    this.add(spec, sharesRank, null);
  }

  fit(box: BBox, padding: Padding): void {
    this.map.fitBounds(box, { padding, maxZoom: 14, duration: 700 });
  }

  flyTo(lon: number, lat: number, padding: Padding): void {
    const offset: [number, number] = [(padding.left - padding.right) / 2, (padding.top - padding.bottom) / 2];
    this.map.flyTo({ center: [lon, lat], zoom: Math.max(12.5, this.map.getZoom()), offset, duration: 900 });
  }

  zoomBy(delta: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + delta, duration: 250 });
  }

  private addSource(id: string, style: StyleSpecification): void {
    for (const [name, source] of Object.entries(style.sources)) {
      if (this.map.getSource(name)) continue;
      const s = { ...source } as { url?: string };
      if (s.url) s.url = absolute(s.url);
      this.map.addSource(name, s as typeof source);
    }
    if (!this.map.getSource(id)) throw new Error(`the style of ${id} has no source ${id}`);
  }

  /** setItem shows one item of an imagery dataset, or the newest of each place. */
  private setItem(id: string, style: StyleSpecification, item: string | null): void {
    const source = this.map.getSource(id) as RasterTileSource | undefined;
    const spec = style.sources[id] as { url?: string } | undefined;
    if (!source?.setUrl || !spec?.url) return;
    const u = new URL(absolute(spec.url));
    if (item) u.searchParams.set('item', item);
    if (source.url !== u.href) source.setUrl(u.href);
  }

  private add(spec: LayerSpecification, r: number, dataset: string | null): void {
    const above = this.managed.findIndex((m) => m.rank > r);
    this.map.addLayer(spec, above < 0 ? undefined : this.managed[above]!.spec.id);
    this.managed.splice(above < 0 ? this.managed.length : above, 0, { spec, rank: r, dataset });
  }

  private setData(source: string, data: FeatureCollection): void {
    (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(data);
  }

  private nameAt(x: number, y: number): string | null {
    const layers = this.managed.filter((m) => m.spec.type === 'circle').map((m) => m.spec.id);
    const box: [[number, number], [number, number]] = [
      [x - 3, y - 3],
      [x + 3, y + 3],
    ];
    for (const f of this.map.queryRenderedFeatures(box, { layers })) {
      const p = f.properties ?? {};
      for (const k of ['name', 'nome', 'Name', 'NAME', 'denominazione', 'title']) if (typeof p[k] === 'string' && p[k]) return p[k];
    }
    return null;
  }

  private addOwnLayers(): void {
    for (const s of ['selection', 'labels', 'gaps']) this.map.addSource(s, { type: 'geojson', data: empty });
    const line = { 'line-join': 'round' } as const;
    this.add({ id: 'selection-halo', type: 'line', source: 'selection', layout: line, paint: { 'line-color': '#fff', 'line-width': 6, 'line-opacity': 0.85 } }, selectionRank, null);
    this.add({ id: 'selection', type: 'line', source: 'selection', layout: line, paint: { 'line-color': '#12403d', 'line-width': 2.6 } }, selectionRank, null);
    this.add(
      {
        id: 'gaps',
        type: 'circle',
        source: 'gaps',
        paint: { 'circle-radius': 10, 'circle-color': '#ffffff', 'circle-stroke-color': '#7a1f2b', 'circle-stroke-width': 2.4 },
      },
      gapsRank,
      null,
    );
    this.add(
      {
        id: 'gap-numbers',
        type: 'symbol',
        source: 'gaps',
        layout: { 'text-field': ['to-string', ['get', 'number']], 'text-font': font, 'text-size': 11.5, 'text-allow-overlap': true, 'text-padding': 8 },
        paint: { 'text-color': '#5c1220' },
      },
      gapsRank + 1,
      null,
    );
    this.add(
      {
        id: 'labels',
        type: 'symbol',
        source: 'labels',
        layout: { 'text-field': ['get', 'name'], 'text-font': font, 'symbol-sort-key': ['get', 'rank'], 'text-size': 13, 'text-max-width': 7, 'text-padding': 6, 'text-variable-anchor': ['center', 'top', 'bottom'], 'text-radial-offset': 1 },
        paint: { 'text-color': '#2b2a27', 'text-halo-color': '#ffffff', 'text-halo-width': 1.6 },
      },
      labelsRank,
      null,
    );
  }
}

/** absolute keeps an address on this origin; the worker needs it whole. */
function absolute(url: string): string {
  const u = new URL(url, location.href);
  return location.origin + u.pathname + u.search;
}
