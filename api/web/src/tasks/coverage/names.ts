// Words for what is chosen, known and not known.
import type { Translator } from '../../lib/i18n/translate';
import type { Collection } from '../../lib/types';
import { ages, exact, type Span } from './figures';
import type { Leg, Parameter } from './model';
import { seasons, type Season } from './options';
import type { CompareKind } from './question.svelte';

export function groupName(group: string, t: Translator): string {
  if (group === '') return t.t('coverage.everyone');
  if (group === '65+') return t.t('coverage.from', { n: 65 });
  const a = ages(group);
  if (!a) return t.ageBand(group);
  return a.to === Infinity ? t.t('coverage.from', { n: a.from }) : t.t('coverage.between', { from: a.from, to: a.to });
}

export function seasonName(s: Season, t: Translator): string {
  if (s.metres !== undefined) return t.t('coverage.season.line', { metres: t.metres(s.metres) });
  return s.date ? t.t('coverage.season.day', { title: s.title ?? '', date: t.date(s.date) }) : (s.title ?? s.value);
}

interface Compared {
  service: string;
  profile: string;
  season: string;
  compare: CompareKind;
  value: string;
}

/** sides name the two answers that are compared, by what tells them apart. */
export function sides(
  q: Compared,
  catalog: { collections: readonly Collection[]; title(dataset: string): string },
  t: Translator,
): { now: string; then: string } {
  switch (q.compare) {
    case 'service':
      return { now: catalog.title(q.service), then: catalog.title(q.value) };
    case 'profile':
      return { now: t.maybe(`coverage.profile.${q.profile}`, q.profile), then: t.maybe(`coverage.profile.${q.value}`, q.value) };
    case 'season': {
      const name = (value: string): string => {
        if (!value) return t.t('coverage.season.none');
        const s = seasons(catalog.collections).find((x) => x.value === value);
        return s ? seasonName(s, t) : value;
      };
      return { now: name(q.season), then: name(q.value) };
    }
    case 'without':
      return { now: t.t('coverage.compare.before'), then: t.t('coverage.compare.without') };
    default:
      return { now: t.t('coverage.compare.before'), then: t.t('coverage.compare.extra') };
  }
}

/** shareText writes a share, or between which it lies. */
export function shareText(s: Span | null, t: Translator): string {
  if (!s) return t.t('coverage.nobody.short');
  if (exact(s) || s.high - s.low < 0.0005) return t.share(s.high, true);
  return t.t('coverage.span', { low: t.share(s.low, true), high: t.share(s.high, true) });
}

/** countText writes people, or between which numbers they are; "<3" when they are few or none. */
export function countText(s: Span, t: Translator): string {
  const low = Math.round(s.low);
  const high = Math.round(s.high);
  if (exact(s) || low === high) return t.people(s.high);
  if (low <= 1) return `<${t.number(high + 1)}`;
  return t.t('coverage.span', { low: t.number(low), high: t.number(high) });
}

export function parameterName(p: Parameter, t: Translator): string {
  return p.label?.[t.lang] ?? t.maybe(`coverage.param.${p.name}`, p.label?.en ?? p.name);
}

/** legText tells a part of a journey. */
export function legText(l: Leg, t: Translator): string {
  if (l.transit) return transitText(l, l.transit, t);
  const kind = t.maybe(`coverage.leg.${l.kind}`, l.kind);
  const road = [l.ref, l.name].filter(Boolean).join(' ');
  if (road) return t.t('coverage.leg.on', { kind, what: road });
  if (l.ground?.length) {
    const what = l.ground
      .slice(0, 3)
      .map((g) =>
        t.t('coverage.leg.part', { what: t.maybe(`coverage.ground.${g.label}`, g.label.toLowerCase()), share: t.number(Math.round(g.share * 100)) }),
      )
      .join(', ');
    return t.t('coverage.leg.on', { kind, what });
  }
  return l.class ? t.t('coverage.leg.on', { kind, what: t.maybe(`coverage.road.${l.class}`, l.class) }) : kind;
}

/** transitText tells a ride, a wait or a walk between stops. */
function transitText(l: Leg, x: NonNullable<Leg['transit']>, t: Translator): string {
  if (l.kind === 'ride') {
    const mode = t.maybe(`coverage.mode.${x.mode ?? ''}`, t.t('coverage.mode.bus'));
    const stops = [x.from, x.to].filter(Boolean).join(' → ');
    const calls = x.calls ? t.tn('coverage.leg.calls', x.calls) : '';
    const vehicle = x.line ? t.t('coverage.leg.line', { kind: mode, line: x.line }) : mode;
    const to = x.headsign ? ` ${t.t('coverage.leg.towards', { place: x.headsign })}` : '';
    if (!x.line && !to && stops) return [t.t('coverage.leg.on', { kind: mode, what: stops }), calls].filter(Boolean).join(', ');
    return [vehicle + to, stops, calls].filter(Boolean).join(', ');
  }
  if (l.kind === 'wait') return x.from ? t.t('coverage.leg.wait.at', { place: x.from }) : t.t('coverage.leg.wait');
  return x.to ? t.t('coverage.leg.walk.to', { place: x.to }) : t.t('coverage.leg.walk');
}

/** clock leaves out the seconds: 07:23:00 → 7:23. */
export const clock = (text: string | undefined): string => (text ?? '').replace(/:\d{2}$/, '').replace(/^0/, '');
