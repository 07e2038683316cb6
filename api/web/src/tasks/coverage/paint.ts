// Colours of areas on the map.
import { nobodyColor, shareColor } from '../../lib/map/paint';
import { middle, type AreaFigure, type Change } from './figures';

/** Points of percentage, from a lower bound on: orange loses, violet gains. */
export const pointClasses: readonly { from: number; color: string }[] = [
  { from: -Infinity, color: '#8c3f04' },
  { from: -0.2, color: '#e0832c' },
  { from: -0.05, color: '#fdc98c' },
  { from: -0.005, color: '#f4f3ef' },
  { from: 0.005, color: '#c5bde0' },
  { from: 0.05, color: '#7a5fb0' },
  { from: 0.2, color: '#3f007d' },
];

export function pointColor(points: number | null): string {
  if (points === null) return nobodyColor;
  let color = pointClasses[0]!.color;
  for (const c of pointClasses) if (points >= c.from) color = c.color;
  return color;
}

function match(field: string, pairs: [string, string][]): unknown {
  const seen = new Map(pairs);
  if (seen.size === 0) return 'rgba(0,0,0,0)';
  return ['match', ['to-string', ['get', field]], ...[...seen].flat(), 'rgba(0,0,0,0)'];
}

/** shareExpression colours the areas by their share; others are transparent. */
export function shareExpression(field: string, rows: readonly AreaFigure[]): unknown {
  return match(
    field,
    rows.map((r) => [r.code, shareColor(r.share ? middle(r.share) : null)]),
  );
}

export function changeExpression(field: string, rows: readonly Change[]): unknown {
  return match(
    field,
    rows.map((r) => [r.code, pointColor(r.points)]),
  );
}
