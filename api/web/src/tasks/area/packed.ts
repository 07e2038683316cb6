// Areas as words of an address: differences of positions in units of 10⁻⁶
// degrees, five bits a character, as encoded polylines have them, in letters
// that an address keeps as they are.
import type { Position } from 'geojson';
import type { Rings } from './shapes';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const scale = 1e6;

/** the longest area that an address holds; links of more are cut by some programs */
export const longest = 3500;

function number(v: number): string {
  let n = v < 0 ? -2 * v - 1 : 2 * v;
  let out = '';
  while (n >= 32) {
    out += letters[32 + (n % 32)];
    n = Math.floor(n / 32);
  }
  return out + letters[n];
}

/** pack writes rings; '.' stands between rings, '*' between polygons. */
export function pack(rings: Rings): string {
  return rings
    .map((polygon) =>
      polygon
        .map((ring) => {
          let [x, y] = [0, 0];
          let out = '';
          for (const p of ring.slice(0, -1)) {
            const [px, py] = [Math.round(p[0]! * scale), Math.round(p[1]! * scale)];
            out += number(px - x) + number(py - y);
            [x, y] = [px, py];
          }
          return out;
        })
        .join('.'),
    )
    .join('*');
}

function unpackRing(text: string): Position[] | null {
  const values: number[] = [];
  let [value, factor] = [0, 1];
  for (const c of text) {
    const v = letters.indexOf(c);
    if (v < 0 || factor > 2 ** 35) return null;
    value += (v % 32) * factor;
    factor *= 32;
    if (v < 32) {
      values.push(value % 2 === 1 ? -(value + 1) / 2 : value / 2);
      [value, factor] = [0, 1];
    }
  }
  if (factor !== 1 || values.length % 2 !== 0 || values.length < 6) return null;
  let [x, y] = [0, 0];
  const ring: Position[] = [];
  for (let i = 0; i < values.length; i += 2) {
    x += values[i]!;
    y += values[i + 1]!;
    if (Math.abs(x) > 180 * scale || Math.abs(y) > 90 * scale) return null;
    ring.push([x / scale, y / scale]);
  }
  ring.push([...ring[0]!]);
  return ring;
}

/** unpack reads what pack wrote; null for anything else. */
export function unpack(text: string): Rings | null {
  if (!text || text.length > 2 * longest) return null;
  const rings: Rings = [];
  for (const polygon of text.split('*')) {
    const list = polygon.split('.').map(unpackRing);
    if (list.some((r) => r === null)) return null;
    rings.push(list as Position[][]);
  }
  return rings;
}
