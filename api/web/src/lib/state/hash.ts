// The address of the page: #/<task>?t=…&…; read and written without any state.
export interface Camera {
  zoom: number;
  lat: number;
  lon: number;
  bearing: number;
  pitch: number;
}

export interface Place {
  /** '' when the address names none */
  task: string;
  q: URLSearchParams;
}

/** parseHash also reads the older form #t=…&v=coverage. */
export function parseHash(hash: string): Place {
  const text = hash.replace(/^#/, '');
  if (!text.startsWith('/')) {
    const q = new URLSearchParams(text);
    const view = q.get('v');
    q.delete('v');
    return { task: view === 'coverage' ? 'coverage' : q.has('t') ? 'places' : '', q };
  }
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  return { task: path.slice(1).split('/')[0] ?? '', q: new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1)) };
}

/** formatHash leaves legible what need not be escaped after #. */
export function formatHash(task: string, q: URLSearchParams): string {
  const text = q.toString().replace(/%2F/g, '/').replace(/%2C/g, ',').replace(/%3A/g, ':').replace(/%7E/g, '~');
  return `#/${task}${text ? `?${text}` : ''}`;
}

const limits = { zoom: [0, 24], lat: [-90, 90], lon: [-540, 540], bearing: [-360, 360], pitch: [0, 85] } as const;

/** parseCamera reads zoom/lat/lon[/bearing/pitch]; nonsense is null. */
export function parseCamera(text: string | null): Camera | null {
  if (!text) return null;
  const parts = text.split('/');
  if (parts.length < 3 || parts.length > 5 || parts.some((p) => p.trim() === '')) return null;
  const [zoom, lat, lon, bearing = 0, pitch = 0] = parts.map(Number) as [number, number, number, number?, number?];
  const c: Camera = { zoom, lat, lon, bearing, pitch };
  for (const [k, [least, most]] of Object.entries(limits)) {
    const v = c[k as keyof Camera];
    if (!Number.isFinite(v) || v < least || v > most) return null;
  }
  return c;
}

/** formatCamera keeps as many decimals as a pixel has at that zoom. */
export function formatCamera(c: Camera): string {
  const digits = Math.min(7, Math.max(1, Math.ceil(c.zoom * 0.30103 + 0.5)));
  const short = (v: number, d: number): string => String(Number(v.toFixed(d)));
  const parts = [short(c.zoom, 2), short(c.lat, digits), short(c.lon, digits)];
  if (c.bearing !== 0 || c.pitch !== 0) parts.push(short(c.bearing, 1), short(c.pitch, 1));
  return parts.join('/');
}
