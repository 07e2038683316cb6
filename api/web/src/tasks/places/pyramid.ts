// A pyramid of ages whose bands may be of unequal width: what is long is
// people per year of age, so that the area of a bar is its people.

export interface BySex {
  band: string;
  female: number;
  male: number;
}

export interface Bar extends BySex {
  /** years; from is in the band, to is not */
  from: number;
  to: number;
  /** the band has no end: it is drawn to an age that few reach */
  open: boolean;
  /** people per year of age */
  women: number;
  men: number;
}

const oldest = 100;

/** bars are those of a pyramid, the youngest first; null when the bands are no ages that follow each other. */
export function bars(list: readonly BySex[]): Bar[] | null {
  const out: Bar[] = [];
  for (const b of list) {
    const m = /^(?:age_)?(\d+)(?:[_-](\d+|plus)|(\+))$/.exec(b.band);
    if (!m) return null;
    const from = Number(m[1]);
    const open = m[3] === '+' || m[2] === 'plus';
    const to = open ? Math.max(oldest, from + 5) : Number(m[2]) + 1;
    if (!(to > from)) return null;
    out.push({ ...b, from, to, open, women: b.female / (to - from), men: b.male / (to - from) });
  }
  out.sort((a, b) => a.from - b.from);
  if (out.some((b, i) => i > 0 && b.from < out[i - 1]!.to)) return null;
  return out.length > 0 ? out : null;
}

/** round is the least of 1, 2, 5, 10, 20 … that is not below a number. */
export function round(v: number): number {
  if (!(v > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(v));
  return [1, 2, 5, 10].map((m) => m * unit).find((x) => x >= v * (1 - 1e-9))!;
}
