// The page of the chosen territory, and a place found by name or position.
import { get, isAbort, asApiError, type ApiError, type components } from '../../lib/api';
import { readSpot, writeSpot, type Spot } from './spot';

export type Profile = components['schemas']['profile'];

class Places {
  profile = $state.raw<Profile | null>(null);
  state = $state<'none' | 'loading' | 'ready' | 'error'>('none');
  error = $state.raw<ApiError | null>(null);
  /** a place that is no territory: a hamlet, a facility, a position */
  spot = $state.raw<Spot | null>(null);
  /** whether the tree of territories is open */
  browsing = $state(false);

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
      this.profile = await get('/territories/{code}/profile', { path: { code }, signal });
      this.state = 'ready';
    } catch (e) {
      if (isAbort(e) || signal.aborted) return;
      this.error = asApiError(e);
      this.state = 'error';
    }
  }

  read(q: URLSearchParams): void {
    this.spot = readSpot(q);
    this.browsing = q.get('tree') === '1';
  }

  write(q: URLSearchParams): void {
    writeSpot(this.spot, q);
    if (this.browsing) q.set('tree', '1');
  }
}

export const places = new Places();
