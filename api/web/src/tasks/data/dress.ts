// A MapLibre style with another colour, opacity or name of features.
import type { StyleSpecification } from 'maplibre-gl';

export type StyleDocument = StyleSpecification;

const colours = ['fill-color', 'line-color', 'circle-color', 'icon-color'];
const opacities: Record<string, string> = { fill: 'fill-opacity', line: 'line-opacity', circle: 'circle-opacity' };

/** dressed is a copy; an empty colour or label leaves what is there. */
export function dressed(style: StyleDocument, colour: string, opacity: number, label: string): StyleDocument {
  const out = structuredClone(style) as unknown as { layers: { type: string; paint?: Record<string, unknown>; layout?: Record<string, unknown> }[] };
  for (const l of out.layers) {
    const paint = (l.paint ??= {});
    if (colour) for (const c of colours) if (c in paint) paint[c] = colour;
    const o = opacities[l.type];
    if (o) paint[o] = opacity;
    if (label && l.layout && 'text-field' in l.layout) l.layout['text-field'] = ['to-string', ['get', label]];
  }
  return out as unknown as StyleDocument;
}
