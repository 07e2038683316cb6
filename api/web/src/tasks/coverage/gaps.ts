// Names of the groups left out, in the language of the page.
import type { Translator } from '../../lib/i18n/translate';
import type { LeftOut as Gap } from './model';

/** gapName builds the name from its parts; the server's own name is English. */
export function gapName(g: Gap, t: Translator): string {
  switch (g.kind) {
    case 'place':
      return g.place || g.name;
    case 'near':
      if (!g.place) return g.name;
      if (!g.distance_m || !g.bearing) return t.t('coverage.gap.near.plain', { place: g.place });
      return t.t('coverage.gap.near', {
        place: g.place,
        distance: t.distance(g.distance_m),
        bearing: t.maybe(`coverage.bearing.${g.bearing}`, g.bearing),
      });
    case 'area':
      return g.part ? t.t('coverage.gap.part', { name: g.area_name, part: g.part }) : g.area_name || g.name;
  }
  return (g as Gap).name;
}

/** facilityName is the name of a facility, or words for it in the language of the page when it has no name of its own. */
export function facilityName(name: string, names: Record<string, string> | undefined, t: Translator): string {
  return names?.[t.lang] ?? name;
}
