// The chosen territory, which all tasks share.
import { api, asApiError, isAbort, type ApiError } from '../api';
import type { Territory, TerritoryDetail } from '../types';

class Chosen {
  detail = $state.raw<TerritoryDetail | null>(null);
  state = $state<'none' | 'loading' | 'ready' | 'error'>('none');
  error = $state.raw<ApiError | null>(null);
  code = $state<string | null>(null);
  /** whether the map shall stay where it is */
  stay = false;
  private running: AbortController | null = null;

  /** choose loads a territory; the map goes there unless it shall stay. */
  async choose(code: string, o: { stay?: boolean } = {}): Promise<void> {
    this.running?.abort();
    const run = (this.running = new AbortController());
    this.code = code;
    this.stay = o.stay ?? false;
    this.state = 'loading';
    this.error = null;
    try {
      const detail = await api.territory(code, true, run.signal);
      if (this.running !== run) return;
      this.detail = detail;
      this.state = 'ready';
    } catch (e) {
      if (isAbort(e) || run.signal.aborted) return;
      this.error = asApiError(e);
      this.state = 'error';
    }
  }

  /** at finds the smallest territory at a point of the map. */
  async at(lon: number, lat: number): Promise<Territory | null> {
    const here = await api.territories({ at: [lon, lat] });
    return here.find((t) => !t.children_count) ?? here.at(-1) ?? null;
  }
}

export const chosen = new Chosen();
