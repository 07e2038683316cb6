// How services are told apart on the map: a colour and one or two letters each.
import type { LayerSpecification } from 'maplibre-gl';

export interface Mark {
  color: string;
  code: string;
}

/** White letters on each have a contrast of 4.5 or more; the letters tell apart what the colours do not. */
const colors = ['#0072b2', '#b3470c', '#00714f', '#a3417f', '#5c4b9c', '#7a5c00', '#8c2d2d', '#1d6a80'];

/** marksOf gives each title a colour and its shortest beginning that no other has: F and B, or Fa and Fe. */
export function marksOf(titles: readonly string[]): Mark[] {
  const letters = titles.map((x) => [...x.normalize('NFC').replace(/[^\p{L}\p{N}]/gu, '')]);
  return titles.map((_, i) => {
    const own = letters[i]!;
    let code = (own[0] ?? '?').toUpperCase();
    const same = (other: string[], n: number): boolean => other.slice(0, n).join('').toLowerCase() === own.slice(0, n).join('').toLowerCase();
    if (letters.some((o, k) => k !== i && same(o, 1))) {
      // The first letter beside the one in which it differs from those that begin alike.
      const at = own.findIndex((_, n) => n > 0 && !letters.some((o, k) => k !== i && same(o, n + 1)));
      code += own[at < 1 ? 1 : at] ?? '';
    }
    return { color: colors[i % colors.length]!, code };
  });
}

/** radii of points by zoom, and from where letters have room on them; many points stay small until there is room for them */
const few = { radius: [8, 3, 11, 5.5, 12, 8, 16, 11], letters: 12 };
const many = { radius: [8, 1.5, 11, 2.5, 12.5, 4, 13.5, 8, 16, 11], letters: 13.5 };

/** A service with more points than this has one in nearly every hamlet of a province: stops of buses, not schools. */
const manyFrom = 100;

/** marked gives the layers of a service with so many points its colour, and writes its letters on them. */
export function marked(list: LayerSpecification[], mark: Mark, count: number): LayerSpecification[] {
  const { radius, letters } = count > manyFrom ? many : few;
  const out: LayerSpecification[] = [];
  for (const l of list) {
    if (l.type !== 'circle') {
      out.push(l);
      continue;
    }
    out.push({
      ...l,
      paint: { ...l.paint, 'circle-color': mark.color, 'circle-radius': ['interpolate', ['linear'], ['zoom'], ...radius] } as typeof l.paint,
    });
    out.push({
      id: `${l.id}-code`,
      type: 'symbol',
      source: l.source,
      ...(l['source-layer'] ? { 'source-layer': l['source-layer'] } : {}),
      minzoom: letters,
      ...(l.filter ? { filter: l.filter } : {}),
      layout: {
        'text-field': mark.code,
        'text-size': ['interpolate', ['linear'], ['zoom'], 12, 9.5, 16, 13],
        'text-allow-overlap': true,
        'text-ignore-placement': true,
        'text-font': ['Titillium Web', 'sans-serif'],
      },
      paint: { 'text-color': '#ffffff' },
    });
  }
  return out;
}
