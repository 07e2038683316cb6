// What the search box found: one question at a time, asked when the reader
// stops typing, and the last answers kept.
import { get, asApiError, isAbort, type ApiError, type components } from '../../lib/api';
import type { Found } from './spot';

const most = 12;
const kept = 40;
const pause = 140;

const asFound = (x: components['schemas']['territory']): Found => ({
  kind: 'territory',
  name: x.name,
  match: 'exact',
  code: x.code,
  level: x.level ?? '',
  location: null,
  inside: [],
  links: [],
});

export class Finder {
  found = $state.raw<Found[]>([]);
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** what the list answers; null before the first question */
  asked = $state<string | null>(null);
  private running: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private known = new Map<string, Found[]>();

  /** ask finds a text after a pause; an empty text lists where to begin. */
  ask(text: string, now = false): void {
    clearTimeout(this.timer);
    this.running?.abort();
    const q = text.trim();
    const before = this.known.get(q);
    if (before) {
      this.take(q, before);
      return;
    }
    this.busy = true;
    this.timer = setTimeout(() => void this.find(q), now ? 0 : pause);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.running?.abort();
    this.busy = false;
  }

  private async find(q: string): Promise<void> {
    const run = (this.running = new AbortController());
    this.error = null;
    try {
      const list = q ? (await get('/places', { query: { q, limit: most }, signal: run.signal })).places : await this.top(run.signal);
      if (this.running !== run) return;
      if (this.known.size >= kept) this.known.clear();
      this.known.set(q, list);
      this.take(q, list);
    } catch (e) {
      if (isAbort(e) || this.running !== run) return;
      this.found = [];
      this.asked = q;
      this.busy = false;
      this.error = asApiError(e);
    }
  }

  /** top lists the roots, and what a single root contains. */
  private async top(signal: AbortSignal): Promise<Found[]> {
    const roots = (await get('/territories', { query: { limit: most }, signal })).territories;
    const only = roots.length === 1 ? roots[0] : undefined;
    if (!only?.children_count) return roots.map(asFound);
    const below = (await get('/territories', { query: { parent: only.code, limit: most - 1 }, signal })).territories;
    return [only, ...below].map(asFound);
  }

  private take(q: string, list: Found[]): void {
    this.found = list;
    this.asked = q;
    this.busy = false;
    this.error = null;
  }
}
