// The one map of the page. Tasks put their layers on it, claim its gestures
// and ask it to go somewhere; none of them owns it.
import type { LayerSpecification, Map as MapLibre, MapMouseEvent, SourceSpecification } from 'maplibre-gl';
import type { Camera } from '../state/hash';
import type { BBox } from '../types';
import { anchorID, anchors, type Anchor } from './hostlayers';

export interface Gestures {
  click?(e: MapMouseEvent): void;
  /** while claimed, a double click does not zoom */
  dblclick?(e: MapMouseEvent): void;
  mousemove?(e: MapMouseEvent): void;
  /** keys pressed while the map has the focus */
  keydown?(e: KeyboardEvent): void;
}

export interface Added {
  sources?: Record<string, SourceSpecification>;
  layers: LayerSpecification[];
  /** what stays above: lines and points of the data, everything of the data, names; nothing when it is left out */
  below?: Anchor;
}

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

interface Claim {
  owner: string;
  gestures: Gestures;
}

class MapHost {
  /** there once the style is loaded, and no longer when the map has gone */
  map = $state.raw<MapLibre | null>(null);
  /** why there is no map */
  broken = $state('');
  /** a source that could not be loaded: its id, or the message */
  failed = $state<string | null>(null);
  /** what the live region of the map says */
  message = $state('');
  /** where the map looks, after each movement */
  camera = $state.raw<Camera | null>(null);
  /** whether the reader moved the map since the page did */
  moved = $state(false);
  /** who has the gestures */
  owner = $state<string | null>(null);
  padding: Padding = { top: 32, right: 32, bottom: 40, left: 32 };

  private claims: Claim[] = [];
  private added: { owner: string; what: Added }[] = [];
  private waiting: ((map: MapLibre) => void) | null = null;

  /**
   * claim takes the gestures until the returned function is called; the newest
   * claim has them. One that is last has them while nobody else has, whichever
   * came first: parts of the page arrive in any order.
   */
  claim(owner: string, gestures: Gestures, last = false): () => void {
    const claim = { owner, gestures };
    this.claims = last ? [claim, ...this.claims] : [...this.claims, claim];
    this.owner = this.claims.at(-1)!.owner;
    return () => {
      this.claims = this.claims.filter((c) => c !== claim);
      this.owner = this.claims.at(-1)?.owner ?? null;
      if (this.map) this.map.getCanvas().style.cursor = '';
    };
  }

  /**
   * addLayers puts sources and layers on the map, and again after its style
   * changed. The returned function takes them off. Names must not be taken:
   * they begin with the task's id.
   */
  addLayers(owner: string, what: Added): () => void {
    const entry = { owner, what };
    this.added = [...this.added, entry];
    if (this.map) put(this.map, what);
    return () => {
      this.added = this.added.filter((a) => a !== entry);
      if (this.map) this.take(this.map, what);
    };
  }

  /** fit shows a box: west, south, east, north. */
  fit(box: BBox | number[] | null | undefined, o: { maxZoom?: number; padding?: Partial<Padding> } = {}): void {
    const b = corners(box);
    if (!b) return;
    this.go((map) => map.fitBounds(b, { padding: this.room(map, o.padding), maxZoom: o.maxZoom ?? 14, duration: 700 }));
  }

  /** flyTo shows a place, no further away than now. */
  flyTo(lon: number, lat: number, zoom = 12.5): void {
    this.go((map) => {
      const p = this.room(map);
      map.flyTo({ center: [lon, lat], zoom: Math.max(zoom, map.getZoom()), offset: [(p.left - p.right) / 2, (p.top - p.bottom) / 2], duration: 900 });
    });
  }

  /** look goes to where a link says. */
  look(c: Camera): void {
    this.go((map) => map.jumpTo({ center: [c.lon, c.lat], zoom: c.zoom, bearing: c.bearing, pitch: c.pitch }));
    this.camera = c;
    this.moved = true;
  }

  zoomBy(delta: number): void {
    this.map?.easeTo({ zoom: this.map.getZoom() + delta, duration: 250 });
  }

  /** announce lets a screen reader say something about the map. */
  announce(text: string): void {
    // The same words twice are said twice.
    this.message = this.message === text ? `${text}\u00a0` : text;
  }

  /** attach takes a new map as the page's; for the component that holds it. */
  attach(map: MapLibre): () => void {
    const ready = (): void => {
      for (const a of anchors) map.addLayer({ id: anchorID(a), type: 'background', layout: { visibility: 'none' } });
      this.map = map;
      for (const { what } of this.added) put(map, what);
      this.shown();
    };
    map.on('style.load', ready);
    map.on('error', (e) => {
      const source = 'sourceId' in e && typeof e.sourceId === 'string' ? e.sourceId : '';
      this.failed = source || e.error?.message || '';
    });
    map.on('movestart', (e) => {
      if (e.originalEvent) this.moved = true;
    });
    map.on('moveend', () => {
      const c = map.getCenter();
      this.camera = { zoom: map.getZoom(), lat: c.lat, lon: c.lng, bearing: map.getBearing(), pitch: map.getPitch() };
    });
    for (const kind of ['click', 'dblclick', 'mousemove'] as const) {
      map.on(kind, (e) => {
        const act = this.claims.at(-1)?.gestures[kind];
        if (act && kind === 'dblclick') e.preventDefault();
        act?.(e);
      });
    }
    const key = (e: KeyboardEvent): void => this.claims.at(-1)?.gestures.keydown?.(e);
    map.getCanvasContainer().addEventListener('keydown', key);
    return () => {
      map.getCanvasContainer().removeEventListener('keydown', key);
      if (this.map === map) this.map = null;
      map.remove();
    };
  }

  /** shown lets the map do what was asked while it was not to be seen. */
  shown(): void {
    const map = this.map;
    if (!map || !this.waiting || map.getContainer().clientWidth === 0) return;
    const act = this.waiting;
    this.waiting = null;
    act(map);
  }

  private go(act: (map: MapLibre) => void): void {
    this.moved = false;
    this.waiting = act;
    this.shown();
  }

  /** room is the padding, as long as it leaves something of the map. */
  private room(map: MapLibre, own: Partial<Padding> = {}): Padding {
    const p = { ...this.padding, ...own };
    const box = map.getContainer();
    if (p.left + p.right > box.clientWidth * 0.7) p.left = p.right = 16;
    if (p.top + p.bottom > box.clientHeight * 0.7) p.top = p.bottom = 16;
    return p;
  }

  private take(map: MapLibre, what: Added): void {
    take(map, what, (id) => this.added.some((a) => a.what.sources && id in a.what.sources));
  }
}

/** lay puts sources and layers on a map that is not the page's own; the returned function takes them off, unless the map has gone before. */
export function lay(map: MapLibre, what: Added): () => void {
  let gone = false;
  map.once('remove', () => (gone = true));
  put(map, what);
  return () => {
    if (!gone) take(map, what, () => false);
  };
}

/** take removes layers, and their sources unless others need them. */
function take(map: MapLibre, what: Added, needed: (source: string) => boolean): void {
  for (const l of what.layers) if (map.getLayer(l.id)) map.removeLayer(l.id);
  for (const id of Object.keys(what.sources ?? {})) {
    if (!needed(id) && map.getSource(id) && !map.getStyle().layers.some((l) => 'source' in l && l.source === id)) map.removeSource(id);
  }
}

function put(map: MapLibre, what: Added): void {
  for (const [id, source] of Object.entries(what.sources ?? {})) if (!map.getSource(id)) map.addSource(id, source);
  const before = what.below ? anchorID(what.below) : undefined;
  for (const l of what.layers) if (!map.getLayer(l.id)) map.addLayer(l, before);
}

/** corners brings a box of four or six numbers into one of four that are all numbers. */
export function corners(box: readonly number[] | null | undefined): BBox | null {
  if (!box || (box.length !== 4 && box.length !== 6) || !box.every(Number.isFinite)) return null;
  const h = box.length / 2;
  return [box[0]!, box[1]!, box[h]!, box[h + 1]!];
}

export const mapHost = new MapHost();
