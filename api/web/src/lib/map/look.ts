// How a layer looks: which date, which index, which colours. Read and written
// as text for addresses, and as parameters of the API.
export interface Look {
  /** a day, 2025-07-21; null is the newest picture of each place */
  date: string | null;
  /** a published index: NDVI */
  index: string | null;
  /** three bands for red, green, blue, or one: nir,red,green */
  bands: string | null;
  colormap: string | null;
  /** what is drawn of heights: hillshade, slope, … */
  terrain: string | null;
  /** clouds are left out */
  cloudless: boolean;
  /** the attribute that colours the features */
  by: string | null;
  method: string | null;
  classes: number | null;
  palette: string | null;
}

export const plain: Readonly<Look> = {
  date: null,
  index: null,
  bands: null,
  colormap: null,
  terrain: null,
  cloudless: false,
  by: null,
  method: null,
  classes: null,
  palette: null,
};

const methods = ['quantiles', 'jenks', 'equal', 'categories'];

/** rasterQuery are the parameters of tiles, legends and values of a raster. */
export function rasterQuery(l: Look): Record<string, string> {
  const q: Record<string, string> = {};
  if (l.date) q.datetime = l.date;
  if (l.index) q.index = l.index;
  else if (l.terrain) q.terrain = l.terrain;
  else if (l.bands) q.bands = l.bands;
  // A picture of three bands has its own colours.
  if (l.colormap && !(l.bands?.includes(',') && !l.index && !l.terrain)) q.colormap = l.colormap;
  if (l.cloudless) q.mask = 'clouds';
  return q;
}

/** styleQuery are the parameters of styles and legends of a vector dataset. */
export function styleQuery(l: Look): Record<string, string> {
  if (!l.by) return {};
  return {
    by: l.by,
    ...(l.method ? { method: l.method } : {}),
    ...(l.classes && l.method !== 'categories' ? { classes: String(l.classes) } : {}),
    ...(l.palette ? { palette: l.palette } : {}),
  };
}

export interface Written {
  id: string;
  /** 0…1 */
  opacity: number;
  look: Look;
}

const letters: [string, keyof Look][] = [
  ['d', 'date'],
  ['i', 'index'],
  ['n', 'bands'],
  ['c', 'colormap'],
  ['t', 'terrain'],
  ['b', 'by'],
  ['m', 'method'],
  ['p', 'palette'],
];

/** Values may hold what separates them. */
const escape = (v: string): string => encodeURIComponent(v).replace(/~/g, '%7E');

/** writeLayer gives sentinel-2~o80~d2025-07-21~iNDVI. */
export function writeLayer(w: Written): string {
  const parts = [w.id];
  const o = Math.round(w.opacity * 100);
  if (o !== 100) parts.push(`o${o}`);
  for (const [letter, key] of letters) {
    const v = w.look[key];
    if (typeof v === 'string') parts.push(letter + escape(v));
  }
  if (w.look.classes) parts.push(`k${w.look.classes}`);
  if (w.look.cloudless) parts.push('x');
  return parts.join('~');
}

/** readLayer reads what writeLayer wrote; what it does not know is left out, nonsense is null. */
export function readLayer(text: string): Written | null {
  const [id, ...parts] = text.split('~');
  if (!id || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) return null;
  const w: Written = { id, opacity: 1, look: { ...plain } };
  for (const part of parts) {
    const letter = part[0] ?? '';
    const value = unescaped(part.slice(1));
    if (value === null || value.length > 200) continue;
    if (letter === 'x') w.look.cloudless = true;
    else if (letter === 'o') w.opacity = bounded(value, 0, 100, 100) / 100;
    else if (letter === 'k') w.look.classes = bounded(value, 2, 12, 5);
    else if (letter === 'd') w.look.date = /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : null;
    else if (letter === 'm') w.look.method = methods.includes(value) ? value : null;
    else {
      const key = letters.find(([l]) => l === letter)?.[1];
      if (key && value) (w.look as unknown as Record<string, unknown>)[key] = value;
    }
  }
  return w;
}

/** writeLayers writes layers from the top; readLayers reads at most 60. */
export const writeLayers = (list: readonly Written[]): string => list.map(writeLayer).join(',');

export function readLayers(text: string): Written[] {
  return text
    .split(',')
    .slice(0, 60)
    .map(readLayer)
    .filter((w) => w !== null);
}

function unescaped(v: string): string | null {
  try {
    return decodeURIComponent(v);
  } catch {
    return null;
  }
}

function bounded(text: string, least: number, most: number, fallback: number): number {
  const v = Number(text);
  return text !== '' && Number.isFinite(v) ? Math.min(most, Math.max(least, v)) : fallback;
}
