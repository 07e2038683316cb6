// What a table shows: columns over rows of any kind.
export interface Column<R> {
  key: string;
  label: string;
  /** what is sorted, summed and written into CSV; null is no value */
  value: (row: R) => string | number | null;
  /** what is shown, when it is not the value itself */
  text?: (row: R) => string;
  /** right-aligned, with figures of one width */
  number?: boolean;
  /** the foot: a sum of the values, or a text of one's own */
  total?: 'sum' | string;
}

/** sorted orders a copy of the rows; those without a value come last either way. */
export function sorted<R>(rows: readonly R[], column: Column<R> | undefined, up: boolean, lang: string): R[] {
  if (!column) return [...rows];
  const sign = up ? 1 : -1;
  const words = new Intl.Collator(lang, { numeric: true });
  return [...rows].sort((a, b) => {
    const x = column.value(a);
    const y = column.value(b);
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : words.compare(String(x), String(y)));
  });
}

/** sum adds up the numbers of a column. */
export function sum<R>(rows: readonly R[], column: Column<R>): number {
  return rows.reduce((s, r) => {
    const v = column.value(r);
    return s + (typeof v === 'number' && Number.isFinite(v) ? v : 0);
  }, 0);
}
