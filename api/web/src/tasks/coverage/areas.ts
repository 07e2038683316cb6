// Order of the areas in the table.
import type { AreaResult } from '../../lib/types';

export type Column = 'name' | 'people' | 'share' | 'left';

/** sortAreas sorts a copy; areas without a share come last whatever the direction. */
export function sortAreas(areas: AreaResult[], row: number, column: Column, ascending: boolean, lang: string): AreaResult[] {
  const sign = ascending ? 1 : -1;
  const byName = (a: AreaResult, b: AreaResult) => a.name.localeCompare(b.name, lang) || a.code.localeCompare(b.code);
  return [...areas].sort((a, b) => {
    if (column === 'name') return sign * byName(a, b);
    const x = value(a, row, column);
    const y = value(b, row, column);
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0) || byName(a, b);
    return sign * (x - y) || byName(a, b);
  });
}

function value(a: AreaResult, row: number, column: Exclude<Column, 'name'>): number | null {
  const r = a.coverage[row];
  switch (column) {
    case 'people':
      return a.population;
    case 'share':
      return r?.share ?? null;
    case 'left':
      return r ? r.uncovered + r.unreachable : null;
  }
}
