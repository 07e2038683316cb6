// The addresses of tiles that the page colours itself: the map asks, we paint.
import { addProtocol } from 'maplibre-gl';
import { paint, paintChange, palette, Tiles } from './times';

const scheme = 'contado-times';
const tiles = new Tiles();
const templates: string[] = [];
let registered = false;

/** serveTimes is the address of tiles of times by classes for some minutes, or of the change to other times. */
export function serveTimes(a: string, b: string | null, minutes: number): string {
  if (!registered) {
    registered = true;
    addProtocol(scheme, async (request) => {
      const [i = '', j = '', m = '', z = '', x = '', y = ''] = request.url.slice(scheme.length + 3).split('/');
      const first = await tiles.minutes(templates[Number(i)]!, z, x, y);
      const pixels = j === '-' ? paint(first, palette(Number(m))) : paintChange(first, await tiles.minutes(templates[Number(j)]!, z, x, y));
      return { data: await createImageBitmap(new ImageData(pixels, 256, 256)) };
    });
  }
  return `${scheme}://${number(a)}/${b === null ? '-' : number(b)}/${b === null ? minutes : 0}/{z}/{x}/{y}`;
}

function number(template: string): number {
  const i = templates.indexOf(template);
  return i >= 0 ? i : templates.push(template) - 1;
}
