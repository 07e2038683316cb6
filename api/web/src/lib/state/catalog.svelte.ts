// What the server has: its collections, and whether they are invented.
import { api, asApiError, isAbort, type ApiError } from '../api';
import type { Collection, Status } from '../types';
import { layers } from './layers.svelte';

class Catalog {
  state = $state<'loading' | 'ready' | 'error'>('loading');
  error = $state.raw<ApiError | null>(null);
  collections = $state.raw<Collection[]>([]);
  status = $state.raw<Status | null>(null);
  /** the name that the operator gave this server */
  instance = $state('');

  readonly invented = $derived(this.collections.some((c) => c.contado.invented));
  readonly services = $derived(
    this.collections.filter((c) => c.contado.role === 'service').sort((a, b) => (a.title || a.id).localeCompare(b.title || b.id)),
  );
  readonly hasTerritories = $derived(this.collections.some((c) => c.contado.role === 'territory'));
  readonly hasLandCover = $derived(this.collections.some((c) => c.contado.role === 'landcover'));

  /** load asks what there is; who has the page open already goes on with what was known until the answer comes. */
  async load(): Promise<void> {
    const known = this.state === 'ready';
    if (!known) this.state = 'loading';
    this.error = null;
    try {
      this.collections = await api.collections();
      layers.set([...this.collections]);
      this.state = 'ready';
    } catch (e) {
      if (isAbort(e)) return;
      this.error = asApiError(e);
      if (!known) this.state = 'error';
    }
    void this.introduce();
  }

  /** The version in the footer and the name of the server are niceties: nothing waits for them. */
  private async introduce(): Promise<void> {
    const [status, landing] = await Promise.all([api.status().catch(() => null), api.landing().catch(() => null)]);
    this.status = status;
    this.instance = landing?.title ?? '';
  }

  /** title is the name of a dataset; sources of the base map are called base:<dataset>. */
  title(dataset: string): string {
    const id = dataset.replace(/^base:/, '').replace(/:labels$/, '');
    return this.collections.find((c) => c.id === id)?.title || id;
  }
}

export const catalog = new Catalog();
