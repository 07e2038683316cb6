// What lies below everything: the base map, and the relief.
import type { StyleSpecification } from 'maplibre-gl';
import { address, asApiError, get, isAbort, send, type ApiError } from '../api';
import { locale } from '../i18n/index.svelte';
import { catalog } from '../state/catalog.svelte';
import type { Outside } from './scene';

export type GroundKind = 'own' | 'outside' | 'none';

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
  private of = '';
  private asked = false;

  /** heights is the TileJSON of the heights, if there are any. */
  readonly heights = $derived.by(() => {
    const c = catalog.collections.find((x) => x.contado.role === 'elevation' && x.contado.kind === 'raster');
    return c ? address('/xyz/{file}', { file: `${c.id}.json` }, { terrain: 'terrarium' }) : null;
  });

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
