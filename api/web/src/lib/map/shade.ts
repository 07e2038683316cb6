// The relief of the base map where no graphics card draws it: shading costs a
// renderer in software as much as all the rest of a picture of the map. Here
// each tile is shaded once, of a hillshade that the server has drawn, and lies
// on the map as an ordinary picture.
import { send } from '../api';
import type { LayerSpecification, RequestParameters, SourceSpecification, StyleSpecification } from 'maplibre-gl';

/** the beginning of addresses that answerShade answers */
export const shadeScheme = 'contado-shade';
/** what the server draws of level ground: 1 + 254 · sin 45° */
const level = 181;

type RGB = readonly [number, number, number];

/** shade turns a hillshade, in place, into shadow and light that lie over the ground: level ground is clear. */
export function shade(pixels: Uint8ClampedArray, shadow: RGB, light: RGB): void {
  for (let i = 0; i < pixels.length; i += 4) {
    const bright = pixels[i]!;
    const dark = bright < level;
    const [r, g, b] = dark ? shadow : light;
    pixels[i] = r;
    pixels[i + 1] = g;
    pixels[i + 2] = b;
    pixels[i + 3] = pixels[i + 3]! * (dark ? (level - bright) / level : (bright - level) / (255 - level));
  }
}

/** shaded is a style whose hillshades are pictures, in their colours and as strong as they were; whole makes addresses whole. */
export function shaded(style: StyleSpecification, whole: (url: string) => string): StyleSpecification {
  const sources: Record<string, SourceSpecification> = { ...style.sources };
  const layers = style.layers.map((l): LayerSpecification => {
    const source = l.type === 'hillshade' ? style.sources[l.source] : undefined;
    if (l.type !== 'hillshade' || source?.type !== 'raster-dem' || !source.url) return l;
    const own = `${l.source}:shade`;
    const colours = [l.paint?.['hillshade-shadow-color'], l.paint?.['hillshade-highlight-color']].map((c, i) => hex(c) ?? ['000000', 'ffffff'][i]!);
    const url = new URL(whole(source.url));
    url.searchParams.set('terrain', 'hillshade');
    sources[own] = { type: 'raster', url: `${shadeScheme}://${colours.join('/')}/${url.href}`, tileSize: source.tileSize ?? 512 };
    return {
      id: l.id,
      type: 'raster',
      source: own,
      ...(l.minzoom === undefined ? {} : { minzoom: l.minzoom }),
      paint: { 'raster-opacity': l.paint?.['hillshade-exaggeration'] ?? 0.5 },
    };
  });
  const used = new Set(layers.map((l) => ('source' in l ? l.source : '')));
  for (const [id, s] of Object.entries(sources)) if (s.type === 'raster-dem' && !used.has(id)) delete sources[id];
  return { ...style, sources, layers };
}

const hex = (colour: unknown): string | null => /^#([0-9a-f]{6})$/i.exec(typeof colour === 'string' ? colour : '')?.[1] ?? null;

const rgb = (text: string): RGB => [0, 2, 4].map((i) => parseInt(text.slice(i, i + 2), 16)) as unknown as RGB;

/** split takes apart an address of ours: colours of shadow and light, and where the server has it. */
export function split(url: string): { begin: string; shadow: RGB; light: RGB; at: string } {
  const m = /^([a-z-]+:\/\/([0-9a-f]{6})\/([0-9a-f]{6})\/)(.+)$/i.exec(url);
  if (!m) throw new Error(`not an address of shaded relief: ${url}`);
  return { begin: m[1]!, shadow: rgb(m[2]!), light: rgb(m[3]!), at: m[4]! };
}

/** answerShade answers the addresses that shaded gives: descriptions of tiles, and tiles. */
export async function answerShade(request: RequestParameters, abort: AbortController, ask = send): Promise<{ data: object }> {
  const { begin, shadow, light, at } = split(request.url);
  const answer = await ask(at, { signal: abort.signal });
  if (request.type === 'json') {
    const doc = (await answer.json()) as { tiles: string[] };
    return { data: { ...doc, tiles: doc.tiles.map((t) => begin + new URL(t, at).href.replace(/%7B([zxy])%7D/gi, '{$1}')) } };
  }
  const picture = await createImageBitmap(await answer.blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext('2d', { willReadFrequently: true })!;
  pen.drawImage(picture, 0, 0);
  picture.close();
  const image = pen.getImageData(0, 0, canvas.width, canvas.height);
  shade(image.data, shadow, light);
  return { data: await createImageBitmap(image) };
}
