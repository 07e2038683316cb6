// Words for what is chosen, known and not known.
import type { Translator } from '../../lib/i18n/translate';
import { ages, exact, type Span } from './figures';
import type { Leg, Parameter } from './model';
import type { Season } from './options';

export function groupName(group: string, t: Translator): string {
  if (group === '') return t.t('coverage.everyone');
  if (group === '65+') return t.t('coverage.from', { n: 65 });
  const a = ages(group);
  if (!a) return group;
  return a.to === Infinity ? t.t('coverage.from', { n: a.from }) : t.t('coverage.between', { from: a.from, to: a.to });
}

export function seasonName(s: Season, t: Translator): string {
  if (s.metres !== undefined) return t.t('coverage.season.line', { metres: t.metres(s.metres) });
  return s.date ? t.t('coverage.season.day', { title: s.title ?? '', date: t.date(s.date) }) : (s.title ?? s.value);
}

/** shareText writes a share, or between which it lies. */
export function shareText(s: Span | null, t: Translator): string {
  if (!s) return t.t('coverage.nobody.short');
  if (exact(s) || s.high - s.low < 0.0005) return t.share(s.high);
  return t.t('coverage.span', { low: t.share(s.low), high: t.share(s.high) });
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
  return p.label?.[t.lang] ?? p.label?.en ?? p.name;
}

/** legText tells a part of a journey. */
export function legText(l: Leg, t: Translator): string {
  const kind = t.maybe(`coverage.leg.${l.kind}`, l.kind);
  if (l.transit) return [kind, l.transit.line, l.transit.from && l.transit.to ? `${l.transit.from} → ${l.transit.to}` : ''].filter(Boolean).join(' ');
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
