// What lies below everything: the base map, and the relief.
import type { StyleSpecification } from 'maplibre-gl';
import { address, asApiError, get, isAbort, send, type ApiError } from '../api';
import { locale } from '../i18n/index.svelte';
import { catalog } from '../state/catalog.svelte';
import type { Camera } from '../state/hash';
import type { Heights, Outside } from './scene';

export type GroundKind = 'own' | 'outside' | 'none';

/** Written is base map and relief as text for an address; null is what is so without being said. */
export interface Written {
  base: string | null;
  above: string | null;
  relief: string | null;
}

class Ground {
  kind = $state<GroundKind>('own');
  /** roads, borders and names of the base map lie over pictures */
  above = $state(true);
  doc = $state.raw<StyleSpecification | null>(null);
  outside = $state.raw<(Outside & { title: string }) | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** the map is lifted by heights */
  relief = $state(false);
  exaggeration = $state(1.5);
  /** how a link wants the map tilted, once it can be */
  turned: { bearing: number; pitch: number } | null = null;
  private of = '';
  private asked = false;

  written(): Written {
    return {
      base: this.kind === 'own' ? null : this.kind,
      above: this.above ? null : '0',
      relief: this.relief ? String(this.exaggeration) : null,
    };
  }

  /** read takes what written has given, and how the camera of the same address is turned. */
  read(w: Written, camera: Camera | null): void {
    this.kind = (['outside', 'none'] as GroundKind[]).find((k) => k === w.base) ?? 'own';
    this.above = w.above !== '0';
    const z = Number(w.relief);
    this.relief = z > 0;
    if (z > 0) this.exaggeration = Math.min(4, Math.max(0.5, z));
    this.turned = camera && this.relief ? { bearing: camera.bearing, pitch: camera.pitch } : null;
  }

  /** whether there are heights to lift the map by */
  readonly liftable = $derived.by(() => this.dem() !== null);
  /** the tiles of the heights, once they were needed */
  heights = $state.raw<Heights | null>(null);
  private heightsOf = '';

  private dem(): string | null {
    return catalog.collections.find((x) => x.contado.role === 'elevation' && x.contado.kind === 'raster')?.id ?? null;
  }

  /** lift fetches the description of the heights. */
  async lift(): Promise<void> {
    const id = this.dem();
    if (!id || this.heightsOf === id) return;
    this.heightsOf = id;
    this.error = null;
    try {
      const at = address('/xyz/{file}', { file: `${id}.json` }, { terrain: 'terrarium' });
      const doc = (await (await send(at, { headers: { Accept: 'application/json' } })).json()) as Heights;
      this.heights = { tiles: doc.tiles, minzoom: doc.minzoom, maxzoom: doc.maxzoom };
    } catch (e) {
      this.heightsOf = '';
      if (!isAbort(e)) this.error = asApiError(e);
    }
  }

  /** load fetches the style of the base map in the language of the page. */
  async load(): Promise<void> {
    const wanted = address('/styles/{id}', { id: 'base' }, { lang: locale.lang });
    if (this.of === wanted) return;
    this.of = wanted;
    this.error = null;
    try {
      const doc = (await (await send(wanted, { headers: { Accept: 'application/json' } })).json()) as StyleSpecification;
      if (this.of === wanted) this.doc = doc;
    } catch (e) {
      if (this.of !== wanted) return;
      this.of = '';
      if (!isAbort(e)) this.error = asApiError(e);
    }
  }

  /** find asks once whether there is a base map of others. */
  async find(): Promise<void> {
    if (this.asked) return;
    this.asked = true;
    try {
      const { basemaps } = await get('/basemaps');
      const b = basemaps.find((x) => x.outside && x.tiles?.length);
      if (b) this.outside = { tiles: b.tiles!, attribution: b.attribution ?? '', scheme: b.scheme ?? 'xyz', title: b.title ?? '' };
      else if (this.kind === 'outside') this.kind = 'own';
    } catch (e) {
      // The own base map serves without; the choice is not offered.
      this.asked = false;
      if (!isAbort(e)) this.outside = null;
    }
  }
}

export const ground = new Ground();
