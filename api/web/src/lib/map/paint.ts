// Opacity of map layers, and the colours of shares.
import type { LayerSpecification } from 'maplibre-gl';

const opacityKeys: Record<string, string[]> = {
  raster: ['raster-opacity'],
  fill: ['fill-opacity'],
  line: ['line-opacity'],
  circle: ['circle-opacity', 'circle-stroke-opacity'],
  symbol: ['text-opacity', 'icon-opacity'],
};

/** opacities gives the paint properties of a layer for a factor of 0…1. */
export function opacities(layer: LayerSpecification, factor: number): [string, unknown][] {
  const paint = ('paint' in layer ? layer.paint : undefined) as Record<string, unknown> | undefined;
  return (opacityKeys[layer.type] ?? []).map((k) => [k, scaled(paint?.[k] ?? 1, factor)]);
}

/** scaled multiplies a number, or the outputs of an expression over zoom. */
export function scaled(value: unknown, factor: number): unknown {
  if (typeof value === 'number') return value * factor;
  if (!Array.isArray(value)) return value;
  if (value[0] === 'interpolate') return value.map((v, i) => (i >= 4 && i % 2 === 0 ? scaled(v, factor) : v));
  if (value[0] === 'step') return value.map((v, i) => (i >= 2 && i % 2 === 0 ? scaled(v, factor) : v));
  return ['*', value, factor];
}

/** Shares from a lower bound on; a diverging brown to green scale that colour-blind readers can tell apart. */
export const shareClasses: readonly { from: number; color: string }[] = [
  { from: 0, color: '#8c510a' },
  { from: 0.2, color: '#d08c3a' },
  { from: 0.4, color: '#f1dcae' },
  { from: 0.6, color: '#a8d8cf' },
  { from: 0.8, color: '#3f9c92' },
  { from: 0.95, color: '#01554c' },
];

export const nobodyColor = '#b9b5ae';

/** shareColor is the colour of a share; null means that nobody lives there. */
export function shareColor(share: number | null | undefined): string {
  if (share === null || share === undefined) return nobodyColor;
  let color = shareClasses[0]!.color;
  for (const c of shareClasses) if (share >= c.from - 1e-12) color = c.color;
  return color;
}
