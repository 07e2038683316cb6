// The chosen territory and its profile.
import { api, asApiError, isAbort, type ApiError } from '../api';
import type { Profile, Territory, TerritoryDetail } from '../types';

class Chosen {
  detail = $state.raw<TerritoryDetail | null>(null);
  profile = $state.raw<Profile | null>(null);
  state = $state<'none' | 'loading' | 'ready' | 'error'>('none');
  error = $state.raw<ApiError | null>(null);
  code = $state<string | null>(null);
  private running: AbortController | null = null;

  async choose(code: string): Promise<void> {
    this.running?.abort();
    const run = (this.running = new AbortController());
    this.code = code;
    this.state = 'loading';
    this.error = null;
    try {
      const [detail, profile] = await Promise.all([api.territory(code, true, run.signal), api.profile(code, run.signal)]);
      this.detail = detail;
      this.profile = profile;
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
