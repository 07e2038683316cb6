// The addresses of tiles that the page colours itself: the map asks, we paint.
import { addProtocol } from 'maplibre-gl';
import { painted, Tiles, type Wanted } from './times';

const scheme = 'contado-times';
const tiles = new Tiles();
/** what each map is to show now */
const wanted: Partial<Record<Side, Wanted>> = {};
const addresses: string[] = [];
let registered = false;

/** the map of the page, and the one beside it */
export type Side = 'main' | 'other';

/** serveTimes is the address of tiles of a map: times by classes for some minutes, or the change to other times. */
export function serveTimes(side: Side, a: string, b: string | null, minutes: number): string {
  if (!registered) {
    registered = true;
    addProtocol(scheme, async (request) => {
      const [of = '', , z = '', x = '', y = ''] = request.url.slice(scheme.length + 3).split('/');
      const bitmap = (pixels: Uint8ClampedArray<ArrayBuffer>) => createImageBitmap(new ImageData(pixels, 256, 256));
      return { data: await painted(() => wanted[of as Side]!, tiles, [z, x, y], bitmap) };
    });
  }
  wanted[side] = { a, b, minutes };
  // The map asks again only where the address is another one.
  return `${scheme}://${side}/${number(JSON.stringify([a, b, b === null ? minutes : 0]))}/{z}/{x}/{y}`;
}

function number(what: string): number {
  const i = addresses.indexOf(what);
  return i >= 0 ? i : addresses.push(what) - 1;
}
