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

  private asked: { code: string; answer: Promise<Profile> } | null = null;

  /** ahead asks for a profile that will be followed soon. */
  ahead(code: string): void {
    const answer = get('/territories/{code}/profile', { path: { code } });
    // Who follows sees what is wrong.
    answer.catch(() => undefined);
    this.asked = { code, answer };
  }

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
      const asked = this.asked?.code === code ? this.asked.answer : null;
      this.asked = null;
      const profile = await (asked ?? get('/territories/{code}/profile', { path: { code }, signal }));
      if (signal.aborted) return;
      this.profile = profile;
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
