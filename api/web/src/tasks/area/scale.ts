// Axes of a chart: round steps over a range, and days along a line.

/** steps are round numbers from just below low to just above high; n of them, more or less. */
export function steps(low: number, high: number, n = 5): number[] {
  if (!(high > low)) {
    const pad = Math.abs(low) > 0 ? Math.abs(low) * 0.1 : 0.1;
    return steps(low - pad, low + pad, n);
  }
  const raw = (high - low) / n;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 2.5, 5, 10].find((m) => m * unit >= raw - 1e-12) ?? 10);
  const out: number[] = [];
  for (let k = Math.floor(low / step + 1e-9); ; k++) {
    out.push(Number((k * step).toPrecision(12)));
    if (k * step >= high - step * 1e-9) return out;
  }
}

/** digitsOf is how many decimals steps need. */
export function digitsOf(list: readonly number[]): number {
  return Math.max(...list.map((v) => (String(v).split('.')[1] ?? '').length), 0);
}

/** dates picks about n beginnings of years, quarters or months between two times (ms). */
export function dates(from: number, to: number, n = 5): { at: number; year: boolean }[] {
  const [a, b] = [new Date(from), new Date(to)];
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
  const every = [1, 2, 3, 6, 12, 24, 60, 120].find((m) => months / m <= n + 1) ?? 240;
  const out: { at: number; year: boolean }[] = [];
  const first = a.getUTCFullYear() * 12 + a.getUTCMonth();
  for (let m = Math.floor(first / every) * every; ; m += every) {
    const at = Date.UTC(Math.floor(m / 12), m % 12, 1);
    if (at > to) return out;
    if (at >= from) out.push({ at, year: every >= 12 });
  }
}

/** runs cuts a list where what follows is not to be joined: gaps stay gaps. */
export function runs<T>(list: readonly T[], joined: (v: T) => boolean): T[][] {
  const out: T[][] = [];
  let run: T[] = [];
  for (const v of list) {
    if (joined(v)) run.push(v);
    else if (run.length > 0) {
      out.push(run);
      run = [];
    }
  }
  if (run.length > 0) out.push(run);
  return out;
}
