// The layers of the data on the map. It knows nothing of the page; the page
// tells it what to show.
import type { GeoJSONSource, LayerSpecification, Map as MapLibre, MapMouseEvent, RasterTileSource, StyleSpecification } from 'maplibre-gl';
import type { FeatureCollection, Geometry } from 'geojson';
import { anchorID, type Anchor } from './hostlayers';
import type { Collection } from '../types';
import { labelsRank, rank, selectionRank } from './order';
import { opacities } from './paint';

export interface SceneEvents {
  hover(name: string | null, x: number, y: number): void;
}

interface Managed {
  id: string;
  type: string;
  rank: number;
  dataset: string | null;
}

const empty: FeatureCollection = { type: 'FeatureCollection', features: [] };
const font = ['sans-serif'];

/** Where the heights of the host lie among the ranks of the data. */
const anchorRanks: Record<Anchor, number> = { ground: -1, lines: 66, overlay: 125, labels: 128 };

export class Scene {
  private readonly managed: Managed[];

  /** The style of the map must be loaded. */
  constructor(
    readonly map: MapLibre,
    private readonly events: SceneEvents,
  ) {
    this.managed = (Object.keys(anchorRanks) as Anchor[]).map((a) => ({ id: anchorID(a), rank: anchorRanks[a], type: 'background', dataset: null }));
    map.on('mousemove', this.moved);
    map.on('mouseout', this.left);
    this.addOwnLayers();
  }

  remove(): void {
    this.map.off('mousemove', this.moved);
    this.map.off('mouseout', this.left);
  }

  private readonly moved = (e: MapMouseEvent): void => {
    const name = this.nameAt(e.point.x, e.point.y);
    this.map.getCanvas().style.cursor = name ? 'pointer' : '';
    this.events.hover(name, e.point.x, e.point.y);
  };

  private readonly left = (): void => this.events.hover(null, 0, 0);

  /** show adds a dataset's layers or changes how they look. */
  show(c: Collection, style: StyleSpecification, look: { opacity: number; dim: number; item: string | null }): void {
    this.addSource(c.id, style);
    if (look.item !== null || c.contado.role === 'imagery') this.setItem(c.id, style, look.item);
    for (const spec of style.layers) {
      if (!this.managed.some((m) => m.id === spec.id)) this.add(spec, rank(c, spec.type), c.id);
      const factor = spec.type === 'fill' ? look.opacity * look.dim : look.opacity;
      this.map.setLayoutProperty(spec.id, 'visibility', 'visible');
      for (const [k, v] of opacities(spec, factor)) this.map.setPaintProperty(spec.id, k as 'fill-opacity', v as number);
    }
  }

  hide(dataset: string): void {
    for (const m of this.managed) if (m.dataset === dataset) this.map.setLayoutProperty(m.id, 'visibility', 'none');
  }

  /** select outlines a territory. */
  select(geometry: Geometry | null): void {
    this.setData('selection', geometry ? { type: 'FeatureCollection', features: [{ type: 'Feature', properties: {}, geometry }] } : empty);
  }

  /** labels are names at points. */
  labels(data: FeatureCollection): void {
    this.setData('labels', data);
  }

  labelsVisible(on: boolean): void {
    this.map.setLayoutProperty('labels', 'visibility', on ? 'visible' : 'none');
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
    this.map.addLayer(spec, above < 0 ? undefined : this.managed[above]!.id);
    this.managed.splice(above < 0 ? this.managed.length : above, 0, { id: spec.id, type: spec.type, rank: r, dataset });
  }

  private setData(source: string, data: FeatureCollection): void {
    (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(data);
  }

  private nameAt(x: number, y: number): string | null {
    const layers = this.managed.filter((m) => m.type === 'circle').map((m) => m.id);
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
    for (const s of ['selection', 'labels']) this.map.addSource(s, { type: 'geojson', data: empty });
    const line = { 'line-join': 'round' } as const;
    this.add({ id: 'selection-halo', type: 'line', source: 'selection', layout: line, paint: { 'line-color': '#fff', 'line-width': 6, 'line-opacity': 0.85 } }, selectionRank, null);
    this.add({ id: 'selection', type: 'line', source: 'selection', layout: line, paint: { 'line-color': '#17324d', 'line-width': 2.6 } }, selectionRank, null);
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
