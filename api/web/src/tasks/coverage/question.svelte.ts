// The question of coverage as the reader puts it; the address holds all of it.
import type { Inputs } from './model';
import { profiles } from '../../lib/ways';
import { place } from './figures';

/** Steps of the slider, minutes: those that the server counts at. */
export const steps = [5, 10, 15, 20, 30, 45, 60, 90] as const;

export type CompareKind = '' | 'service' | 'profile' | 'season' | 'without' | 'extra';
const kinds: readonly string[] = ['service', 'profile', 'season', 'without', 'extra'];

/** How two answers lie on the map: their difference, one over the other under a handle, or side by side. */
export const shows = ['change', 'swipe', 'side'] as const;
export type Show = (typeof shows)[number];

/** As many services as the server counts together. */
export const mostServices = 24;

class Question {
  service = $state('');
  profile = $state<string>('walking');
  /** '' is everyone */
  people = $state('');
  /** index into steps */
  step = $state(4);
  season = $state('');
  view = $state<'times' | 'areas'>('times');
  /** what the answer is compared with */
  compare = $state<CompareKind>('');
  value = $state('');
  show = $state<Show>('change');
  /** where the handle stands, in percent from the left */
  split = $state(50);
  /** where the journey told begins */
  from = $state.raw<{ lon: number; lat: number } | null>(null);
  /** the journey told is that of what is compared */
  then = $state(false);
  /** the services of which those are counted that people do not reach; null: not asked */
  several = $state.raw<readonly string[] | null>(null);

  readonly minutes = $derived<number>(steps[this.step]!);

  /** inputs of the process; null while the question is not whole. */
  inputs(territory: string | null): Inputs | null {
    if (!territory || !this.service) return null;
    return { territory, service: this.service, profile: this.profile, ...(this.season ? { season: [this.season] } : {}) };
  }

  /** other is the question that is compared; null when there is none. */
  other(territory: string | null, name: string): Inputs | null {
    const base = this.inputs(territory);
    if (!base || !this.compare) return null;
    if (!this.value && this.compare !== 'season') return null;
    switch (this.compare) {
      case 'service':
        return { ...base, service: this.value };
      case 'profile':
        return { ...base, profile: this.value };
      case 'season': {
        const { season: _, ...bare } = base;
        return this.value ? { ...bare, season: [this.value] } : bare;
      }
      case 'without':
        return { ...base, without: [this.value] };
      case 'extra': {
        const p = place(this.value);
        return p ? { ...base, extra: [{ ...p, name }] } : null;
      }
    }
  }

  /** told is the question of which journeys are told. */
  told(territory: string | null, name: string): Inputs | null {
    return (this.then ? this.other(territory, name) : null) ?? this.inputs(territory);
  }

  read(q: URLSearchParams): void {
    this.service = q.get('s') ?? '';
    this.profile = profiles.find((p) => p === q.get('p')) ?? 'walking';
    this.people = q.get('a') ?? '';
    const i = steps.indexOf(Number(q.get('n') ?? 30) as (typeof steps)[number]);
    this.step = i < 0 ? 4 : i;
    this.season = q.get('se') ?? '';
    this.view = q.get('w') === 'areas' ? 'areas' : 'times';
    const [kind = '', ...rest] = (q.get('c') ?? '').split('~');
    this.compare = kinds.includes(kind) ? (kind as CompareKind) : '';
    this.value = this.compare ? rest.join('~') : '';
    const [show, split] = (q.get('cm') ?? '').split('*');
    this.show = shows.find((x) => x === show) ?? 'change';
    this.split = Math.min(100, Math.max(0, split ? Number(split) || 0 : 50));
    this.from = place(q.get('at') ?? '');
    this.then = q.get('aw') === 'then' && this.from !== null;
    const several = q.get('k');
    this.several = several === null ? null : [...new Set(several.split('~').filter(Boolean))].slice(0, mostServices);
  }

  write(q: URLSearchParams): void {
    const set = (k: string, v: string, usual = ''): void => {
      if (v !== usual) q.set(k, v);
    };
    set('s', this.service);
    set('p', this.profile, 'walking');
    set('a', this.people);
    set('n', String(this.minutes), '30');
    set('se', this.season);
    set('w', this.view, 'times');
    if (this.compare) q.set('c', `${this.compare}~${this.value}`);
    if (this.compare && this.show !== 'change') q.set('cm', this.show === 'swipe' ? `swipe*${Math.round(this.split)}` : this.show);
    if (this.from) q.set('at', `${this.from.lat.toFixed(5)},${this.from.lon.toFixed(5)}`);
    if (this.from && this.compare && this.then) q.set('aw', 'then');
    if (this.several) q.set('k', this.several.join('~'));
  }
}

export const question = new Question();
