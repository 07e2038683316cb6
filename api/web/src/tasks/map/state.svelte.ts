// What the map task shows beside the layers themselves: which side of it is
// open, what is compared, which place was asked about.
import { layers, type Layer } from '../../lib/state/layers.svelte';
import { plain, readLayer, writeLayer, type Look } from '../../lib/map/look';
import { ground } from '../../lib/map/ground.svelte';
import { parseCamera } from '../../lib/state/hash';

export type Tab = 'layers' | 'here' | 'measure' | 'list';
export type Comparing = 'off' | 'swipe' | 'side';

const tabs: readonly Tab[] = ['layers', 'here', 'measure', 'list'];

export interface Spot {
  lon: number;
  lat: number;
  /** how far features may be, in metres */
  near: number;
}

/** Other is the right side of a comparison: a layer with another look there, or the map without it. */
export interface Other {
  id: string;
  look: Look;
  without: boolean;
}

/** Typed coordinates and links are meant exactly, clicks as a finger can. */
export const exactly = 60;

class MapState {
  tab = $state<Tab>('layers');
  comparing = $state<Comparing>('off');
  /** where the swipe stands, in percent from the left */
  split = $state(50);
  other = $state.raw<Other | null>(null);
  /** the layer of the right side, with its look there, while there is one */
  right = $state.raw<Layer | null>(null);
  /** the place that was asked about */
  spot = $state.raw<Spot | null>(null);

  /** ask opens what is at a place. */
  ask(lon: number, lat: number, near = exactly): void {
    this.spot = { near, lon: ((((lon + 180) % 360) + 360) % 360) - 180, lat };
    this.tab = 'here';
  }

  /** compare starts a comparison: of the uppermost picture with its date before, where it has one. */
  compare(how: Comparing): void {
    if (how !== 'off' && !this.other) {
      const l =
        layers.imagery ??
        layers.list.find((x) => x.raster && x.days.length > 1) ??
        layers.list.find((x) => x.raster && x.visible) ??
        layers.list.find((x) => x.raster);
      if (!l) return;
      const i = l.look.date ? l.days.findIndex((d) => d.day === l.look.date) : l.days.length - 1;
      this.other = { id: l.id, look: { ...l.look, date: l.days[i > 0 ? i - 1 : i + 1]?.day ?? l.look.date }, without: false };
      if (!l.visible) l.visible = true;
    }
    this.comparing = how;
  }

  read(q: URLSearchParams): void {
    layers.read(q.get('l') ?? '');
    ground.read({ base: q.get('b'), above: q.get('r'), relief: q.get('z') }, parseCamera(q.get('m')));
    const [how, split, layer] = (q.get('c') ?? '').split('*');
    const other = readLayer(layer ?? '');
    this.other = other && { id: other.id, look: other.look, without: other.opacity === 0 };
    this.split = Math.min(100, Math.max(0, Number(split) || 50));
    this.comparing = this.other && (how === 'swipe' || how === 'side') ? how : 'off';
    const [lon, lat] = (q.get('at') ?? '').split(',').map(Number);
    this.spot = lon !== undefined && lat !== undefined && Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? { lon, lat, near: exactly } : null;
    this.tab = tabs.find((x) => x === q.get('p')) ?? (this.spot ? 'here' : 'layers');
  }

  write(q: URLSearchParams): void {
    if (layers.text) q.set('l', layers.text);
    const { base, above, relief } = ground.written();
    if (base) q.set('b', base);
    if (above) q.set('r', above);
    if (relief) q.set('z', relief);
    if (this.comparing !== 'off' && this.other) {
      q.set(
        'c',
        `${this.comparing}*${Math.round(this.split)}*${writeLayer({ id: this.other.id, opacity: this.other.without ? 0 : 1, look: { ...plain, ...this.other.look } })}`,
      );
    }
    if (this.spot) q.set('at', `${this.spot.lon.toFixed(6)},${this.spot.lat.toFixed(6)}`);
    if (this.tab !== (this.spot ? 'here' : 'layers')) q.set('p', this.tab);
  }
}

export const mapState = new MapState();
