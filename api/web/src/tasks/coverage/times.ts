// Tiles of travel times, coloured here: the server gives minutes, so that
// other classes need no other tiles.
import { send } from '../../lib/api';

export const noGround = 253;
export const never = 254;
export const outside = 255;
const side = 256;
const most = 160; // tiles kept, of 64 KB each

type RGBA = readonly [number, number, number, number];

/** Classes within the limit, beyond it, and what has no time; a scale that colour-blind readers can tell apart. */
export const timeColors = {
  within: ['#01554c', '#3f9c92', '#a8d8cf'],
  beyond: ['#f6e8c8', '#dcae6c'],
  never: '#6d3b05',
  noGround: '#c3d3dd',
} as const;

/** Minutes sooner or later, from a lower bound on: violet is sooner, orange later. */
export const changeClasses: readonly { from: number; color: string }[] = [
  { from: -Infinity, color: '#3f007d' },
  { from: -20, color: '#7a5fb0' },
  { from: -5, color: '#c5bde0' },
  { from: -1, color: '#f4f3ef' },
  { from: 2, color: '#fdc98c' },
  { from: 6, color: '#e0832c' },
  { from: 21, color: '#8c3f04' },
];

/** limits are the upper bounds of the classes for a limit of so many minutes. */
export function limits(minutes: number): { within: number[]; beyond: number } {
  return { within: [Math.round(minutes / 3), Math.round((2 * minutes) / 3), minutes], beyond: 2 * minutes };
}

function rgba(hex: string, alpha = 255): RGBA {
  return [parseInt(hex.slice(1, 3), 16), parseInt(hex.slice(3, 5), 16), parseInt(hex.slice(5, 7), 16), alpha];
}

const clear: RGBA = [0, 0, 0, 0];

/** palette has a colour for every value of a tile. */
export function palette(minutes: number): RGBA[] {
  const l = limits(minutes);
  return Array.from({ length: side }, (_, v) => {
    if (v === outside) return clear;
    if (v === never) return rgba(timeColors.never);
    if (v >= 251) return v === noGround ? rgba(timeColors.noGround) : clear;
    const i = l.within.findIndex((to) => v <= to);
    return rgba(i >= 0 ? timeColors.within[i]! : timeColors.beyond[v <= l.beyond ? 0 : 1]!);
  });
}

/** changeColor is the colour of a difference in minutes, b − a. */
export function changeColor(minutes: number): string {
  let color = changeClasses[0]!.color;
  for (const c of changeClasses) if (minutes >= c.from) color = c.color;
  return color;
}

/** changed is the difference of two values of tiles: minutes, never is later than all, or null where there is none. */
export function changed(a: number, b: number): number | null {
  if (a > 250 && a !== never) return null;
  if (b > 250 && b !== never) return null;
  if (a === b) return 0;
  if (a === never) return -250;
  if (b === never) return 250;
  return b - a;
}

/** packed puts colours into one number each, as the pixels of a picture lie in memory. */
function packed(colors: readonly RGBA[]): Uint32Array {
  return new Uint32Array(Uint8ClampedArray.from(colors.flat()).buffer);
}

/** paint colours the minutes of a tile; those that never arrive are hatched. */
export function paint(minutes: Uint8Array, colors: readonly RGBA[]): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint32Array(minutes.length);
  const table = packed(Array.from({ length: side }, (_, v) => colors[v] ?? clear));
  const [white = 0] = packed([[255, 255, 255, 255]]);
  for (let i = 0; i < minutes.length; i++) {
    const v = minutes[i]!;
    const hatched = v === never && (((i % side) + Math.floor(i / side)) & 7) < 2;
    out[i] = hatched ? white : table[v]!;
  }
  return new Uint8ClampedArray(out.buffer);
}

/** paintChange colours how much sooner or later people arrive. */
export function paintChange(a: Uint8Array, b: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint32Array(a.length);
  const known = new Map<number, number>();
  for (let i = 0; i < a.length; i++) {
    const d = changed(a[i]!, b[i]!);
    if (d === null) continue;
    let c = known.get(d);
    if (c === undefined) known.set(d, (c = packed([rgba(changeColor(d))])[0]!));
    out[i] = c;
  }
  return new Uint8ClampedArray(out.buffer);
}

/** Tiles fetches tiles of minutes and keeps the last ones. */
export class Tiles {
  private readonly kept = new Map<string, Promise<Uint8Array>>();

  constructor(
    private readonly fetcher: (path: string) => Promise<Response> = (path) => send(path, { headers: { Accept: 'application/octet-stream' } }),
  ) {}

  /** minutes of a tile; the template is that of an answer. */
  minutes(template: string, z: string, x: string, y: string): Promise<Uint8Array> {
    const path = `/${template.replace('{z}', z).replace('{x}', x).replace('{y}', y)}`;
    const old = this.kept.get(path);
    if (old) {
      this.kept.delete(path);
      this.kept.set(path, old);
      return old;
    }
    const one = this.fetcher(path).then(async (r) => new Uint8Array(await r.arrayBuffer()));
    this.kept.set(path, one);
    // A tile that failed is asked for again.
    one.catch(() => this.kept.delete(path));
    if (this.kept.size > most) this.kept.delete(this.kept.keys().next().value!);
    return one;
  }
}

/** Wanted is what a map is to show: the times of an answer by classes for some minutes, or the change to those of another. */
export interface Wanted {
  a: string;
  b: string | null;
  minutes: number;
}

/**
 * painted makes a tile as it is wanted when it is ready. A map that asks for a
 * tile again does not give up what it asked before, and keeps what comes last:
 * so what comes late is what is wanted by then.
 */
export async function painted<T>(
  wanted: () => Wanted,
  tiles: Pick<Tiles, 'minutes'>,
  [z, x, y]: readonly [string, string, string],
  make: (pixels: Uint8ClampedArray<ArrayBuffer>) => Promise<T>,
): Promise<T> {
  for (;;) {
    const w = wanted();
    try {
      const first = await tiles.minutes(w.a, z, x, y);
      const out = await make(w.b === null ? paint(first, palette(w.minutes)) : paintChange(first, await tiles.minutes(w.b, z, x, y)));
      if (wanted() === w) return out;
    } catch (e) {
      if (wanted() === w) throw e;
    }
  }
}
