// The page of the chosen territory: what is known of it.
import { api, asApiError, isAbort, type ApiError } from '../../lib/api';
import type { Profile } from '../../lib/types';

class Places {
  profile = $state.raw<Profile | null>(null);
  state = $state<'none' | 'loading' | 'ready' | 'error'>('none');
  error = $state.raw<ApiError | null>(null);

  /** follow loads the profile of a territory; the returned function gives it up. */
  follow(code: string): () => void {
    const stop = new AbortController();
    void this.load(code, stop.signal);
    return () => stop.abort();
  }

  async load(code: string, signal: AbortSignal): Promise<void> {
    if (this.profile?.territory.code === code && this.state === 'ready') return;
    this.state = 'loading';
    this.error = null;
    try {
      this.profile = await api.profile(code, signal);
      this.state = 'ready';
    } catch (e) {
      if (isAbort(e) || signal.aborted) return;
      this.error = asApiError(e);
      this.state = 'error';
    }
  }
}

export const places = new Places();
