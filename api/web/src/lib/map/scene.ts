// The layers of the data on a map, over a base map of our own. It knows
// nothing of the page; the page tells it what to show.
import type { GeoJSONSource, LayerSpecification, Map as MapLibre, RasterTileSource, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import type { FeatureCollection, Geometry } from 'geojson';
import { anchorID, anchors } from './hostlayers';
import { opacities } from './paint';
import { shaded, shadeScheme } from './shade';
import { inSoftware } from './software';

/** Picture is a dataset as it is to be shown. */
export interface Picture {
  id: string;
  style: StyleSpecification;
  /** parameters of a raster's tiles */
  query: Record<string, string>;
  raster: boolean;
  opacity: number;
  /** a factor for areas only */
  fill: number;
}

/** Outside is a base map of others. */
export interface Outside {
  tiles: string[];
  attribution: string;
  scheme: 'xyz' | 'tms';
}

/** Heights are tiles of coded heights. */
export interface Heights {
  tiles: string[];
  minzoom: number;
  maxzoom: number;
}

const empty: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** The places of our layers among those of the host, from below; each is an invisible layer that ours lie under. */
const zones = ['ground', 'pictures', 'lines', 'names'] as const;
type Zone = (typeof zones)[number];
const mark = (z: Zone): string => `map-${z}`;

export class Scene {
  /** the specification of each layer of ours, by id */
  private readonly specs = new Map<string, LayerSpecification>();
  private drawn = '';
  private base: { doc: StyleSpecification | null; above: boolean } = { doc: null, above: true };
  private pictures: Picture[] = [];
  private outside: Outside | null = null;
  private readonly slow: boolean;

  /** The style of the map must be loaded. */
  constructor(readonly map: MapLibre) {
    this.slow = inSoftware(map);
    for (const a of anchors) if (!map.getLayer(anchorID(a))) map.addLayer({ id: anchorID(a), type: 'background', layout: { visibility: 'none' } });
    // Each lies right above a mark of the host: what tasks add later comes over ours.
    this.mark('ground', anchorID('ground'), false);
    this.mark('pictures', anchorID('ground'), true);
    this.mark('lines', anchorID('lines'), true);
    this.mark('names', anchorID('labels'), true);
    map.addSource('selection', { type: 'geojson', data: empty });
  }

  private mark(zone: Zone, host: string, above: boolean): void {
    const ids = this.map.getStyle().layers.map((l) => l.id);
    const before = above ? ids[ids.indexOf(host) + 1] : host;
    this.map.addLayer({ id: mark(zone), type: 'background', layout: { visibility: 'none' } }, before);
  }

  /** draw shows these pictures, the lowest first, and nothing else of the data. */
  draw(pictures: Picture[]): void {
    this.pictures = pictures;
    this.arrange();
  }

  /** ground shows a base map of our own, with its roads and names over pictures or not. */
  ground(doc: StyleSpecification | null, above: boolean): void {
    this.base = { doc: doc && this.slow ? shaded(doc, absolute) : doc, above };
    this.arrange();
  }

  /** below shows a base map of others. */
  below(outside: Outside | null): void {
    this.outside = outside;
    if (this.map.getLayer('map-outside')) this.map.removeLayer('map-outside');
    if (this.map.getSource('map-outside')) this.map.removeSource('map-outside');
    this.specs.delete('map-outside');
    this.drawn = '';
    this.arrange();
  }

  /** select outlines a territory. */
  select(geometry: Geometry | null): void {
    const data: FeatureCollection = geometry ? { type: 'FeatureCollection', features: [{ type: 'Feature', properties: {}, geometry }] } : empty;
    (this.map.getSource('selection') as GeoJSONSource | undefined)?.setData(data);
  }

  /**
   * relief lifts the map by heights, or lays it flat. The tiles go on beside
   * the data, so that the land has no walls there: the source has no bounds.
   */
  relief(heights: Heights | null, exaggeration: number): void {
    const { map } = this;
    if (!heights) {
      if (map.getTerrain()) map.setTerrain(null);
      return;
    }
    if (!map.getSource('map-heights')) {
      const { tiles, minzoom, maxzoom } = heights;
      map.addSource('map-heights', { type: 'raster-dem', tiles: tiles.map(template), minzoom, maxzoom, tileSize: 256, encoding: 'terrarium' });
    }
    map.setTerrain({ source: 'map-heights', exaggeration });
  }

  /** points are the ids of the layers with points of the data, from the top. */
  get points(): string[] {
    return [...this.specs.values()]
      .filter((s) => s.type === 'circle')
      .map((s) => s.id)
      .reverse();
  }

  private arrange(): void {
    const wanted = this.wanted();
    const keep = new Set(wanted.flatMap(([, list]) => list.map((l) => l.id)));
    for (const [id, spec] of this.specs) {
      const now = wanted.flatMap(([, list]) => list).find((l) => l.id === id);
      if (keep.has(id) && now && same(now, spec)) continue;
      if (this.map.getLayer(id)) this.map.removeLayer(id);
      this.specs.delete(id);
      this.drawn = '';
    }
    const order = wanted.map(([z, list]) => `${z}:${list.map((l) => l.id).join()}`).join('|');
    for (const [zone, list] of wanted) {
      for (const spec of list) {
        if (!this.specs.has(spec.id)) {
          this.map.addLayer(spec, mark(zone));
          this.specs.set(spec.id, spec);
        } else if (order !== this.drawn) this.map.moveLayer(spec.id, mark(zone));
      }
    }
    this.drawn = order;
    this.fade();
  }

  /** wanted lists the layers of each zone, the lowest first, and sees to their sources. */
  private wanted(): [Zone, LayerSpecification[]][] {
    const out: Record<Zone, LayerSpecification[]> = { ground: [], pictures: [], lines: [], names: [] };
    if (this.outside) {
      const { tiles, scheme } = this.outside;
      this.source('map-outside', { type: 'raster', tiles, tileSize: 256, scheme, maxzoom: 19 });
      out.ground.push({ id: 'map-outside', type: 'raster', source: 'map-outside' });
    }
    const { doc, above } = this.base;
    if (doc) {
      for (const [name, source] of Object.entries(doc.sources)) this.source(name, source);
      // A layer of places has its own names: the base map's would stand beside them.
      const named = new Set(this.pictures.filter((p) => p.style.layers.some((l) => l.type === 'symbol')).map((p) => p.id));
      for (const l of doc.layers.filter((x) => x.type !== 'symbol' || !named.has(datasetOf(x.source))))
        out[l.type === 'symbol' ? 'names' : above && l.type === 'line' ? 'lines' : 'ground'].push(l);
      if (!above) out.ground.push(...out.names.splice(0));
    }
    const top = this.pictures.findLastIndex((p) => p.raster);
    for (const [i, p] of this.pictures.entries()) {
      this.sources(p);
      for (const l of p.style.layers)
        out[l.type === 'symbol' && !l.id.endsWith('-code') ? 'names' : i <= top || l.type === 'fill' ? 'pictures' : 'lines'].push(l);
    }
    const line = { 'line-join': 'round' } as const;
    out.lines.push(
      {
        id: 'selection-halo',
        type: 'line',
        source: 'selection',
        layout: line,
        paint: { 'line-color': '#fff', 'line-width': 6, 'line-opacity': 0.85 },
      },
      { id: 'selection', type: 'line', source: 'selection', layout: line, paint: { 'line-color': '#17324d', 'line-width': 2.6 } },
    );
    out.names = out.names.map(inOurFont);
    return zones.map((z) => [z, out[z]]);
  }

  private source(name: string, spec: SourceSpecification): void {
    if (this.map.getSource(name)) return;
    const s = { ...spec } as { url?: string };
    if (s.url && !s.url.startsWith(`${shadeScheme}:`)) s.url = absolute(s.url);
    this.map.addSource(name, s as SourceSpecification);
  }

  /** sources sees to those of a picture, and to its parameters. */
  private sources(p: Picture): void {
    if (p.style.sprite && !this.map.getSprite().length) this.map.setSprite(absolute(String(p.style.sprite)));
    for (const [name, spec] of Object.entries(p.style.sources)) {
      const url = 'url' in spec && spec.url ? new URL(absolute(spec.url)) : null;
      if (url && p.raster) for (const [k, v] of Object.entries(p.query)) url.searchParams.set(k, v);
      const there = this.map.getSource(name) as RasterTileSource | undefined;
      if (!there) this.source(name, url ? ({ ...spec, url: url.href } as SourceSpecification) : spec);
      else if (url && p.raster && there.url !== url.href) there.setUrl(url.href);
    }
  }

  private fade(): void {
    for (const p of this.pictures) {
      for (const spec of p.style.layers) {
        const factor = spec.type === 'fill' ? p.opacity * p.fill : p.opacity;
        for (const [k, v] of opacities(spec, factor)) {
          if (!same(this.map.getPaintProperty(spec.id, k as 'fill-opacity'), v)) this.map.setPaintProperty(spec.id, k as 'fill-opacity', v as number);
        }
      }
    }
  }
}

/** Names are written in the page's own font, which is there without asking anybody. */
const font = ['Titillium Web', 'sans-serif'];
const written = new WeakMap<LayerSpecification, LayerSpecification>();

function inOurFont(l: LayerSpecification): LayerSpecification {
  if (l.type !== 'symbol') return l;
  let made = written.get(l);
  if (!made) {
    made = { ...l, layout: { ...l.layout, 'text-font': font } };
    written.set(l, made);
  }
  return made;
}

/** datasetOf is the dataset that a source of the base map is made of: base:hamlets:labels. */
const datasetOf = (source: string): string => source.replace(/^base:/, '').replace(/:labels$/, '');

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** template is the whole address of tiles, with {z}, {x} and {y} as they are. */
const template = (url: string): string => absolute(url).replace(/%7B([zxy])%7D/gi, '{$1}');

/** absolute keeps an address on this origin; the worker needs it whole. */
export function absolute(url: string): string {
  const u = new URL(url, location.href);
  return location.origin + u.pathname + u.search;
}
