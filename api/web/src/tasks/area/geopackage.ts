// Polygons out of a GeoPackage, read in the browser.
import type { Position } from 'geojson';
import { toLonLat } from './metric';
import { maxAreas, ParseError, type Parsed } from './parse';
import { settled, type Rings } from './shapes';
import { FileFault, SQLite, type Value } from './sqlite';

/** bytes of a file */
export const maxFile = 20_000_000;

const text = (v: Value | undefined): string => (typeof v === 'string' ? v : '');

export function parseGeoPackage(buffer: ArrayBuffer): Parsed[] {
  try {
    return read(new SQLite(buffer));
  } catch (e) {
    if (e instanceof FileFault || e instanceof RangeError) throw new ParseError('json', e.message);
    throw e;
  }
}

function read(db: SQLite): Parsed[] {
  const systems = new Map<number, string>();
  for (const r of db.rows('gpkg_spatial_ref_sys')) {
    if (typeof r.srs_id === 'number') systems.set(r.srs_id, `${text(r.organization)}:${Number(r.organization_coordsys_id)}`.toUpperCase());
  }
  const out: Parsed[] = [];
  for (const layer of db.rows('gpkg_geometry_columns')) {
    const [table, column] = [text(layer.table_name), text(layer.column_name).toLowerCase()];
    for (const row of db.rows(table)) {
      const blob = row[column];
      if (!(blob instanceof Uint8Array)) continue;
      const g = geometry(blob);
      if (!g) continue;
      const crs = systems.get(g.srs) ?? `EPSG:${g.srs}`;
      const project = toLonLat(crs);
      if (!project) throw new ParseError('crs', crs);
      const rings = g.rings.map((p) => p.map((r) => r.map(([x, y]) => project(x!, y!))));
      if (rings.flat(2).some(([x, y]) => !(Math.abs(x!) <= 180 && Math.abs(y!) <= 90))) throw new ParseError('range');
      out.push({ name: nameOf(row), rings: settled(rings) });
      if (out.length > maxAreas) throw new ParseError('many', `>${maxAreas}`);
    }
  }
  if (out.length === 0) throw new ParseError('nopolygon');
  return out;
}

function nameOf(row: Record<string, Value>): string {
  for (const k of ['name', 'nome', 'title', 'titolo', 'comune']) if (typeof row[k] === 'string' && row[k]) return (row[k] as string).slice(0, 80);
  return '';
}

/** geometry reads a GeoPackage blob: its header, then WKB. null for what is no polygon. */
function geometry(b: Uint8Array): { srs: number; rings: Rings } | null {
  const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
  if (b.length < 8 || b[0] !== 0x47 || b[1] !== 0x50) throw new FileFault('geometry');
  const flags = b[3]!;
  if (flags & 0x10) return null; // empty
  const envelope = [0, 32, 48, 48, 64][(flags >> 1) & 7];
  if (envelope === undefined) throw new FileFault('geometry');
  const rings = new WKB(view, 8 + envelope).polygons();
  return rings && { srs: view.getInt32(4, (flags & 1) === 1), rings };
}

class WKB {
  constructor(
    private readonly v: DataView,
    private p: number,
  ) {}

  polygons(): Rings | null {
    const { kind, size, little } = this.head();
    if (kind === 3) return [this.polygon(size, little)];
    if (kind !== 6) return null;
    const out: Rings = [];
    for (let n = this.count(little); n > 0; n--) {
      const part = this.head();
      if (part.kind !== 3) throw new FileFault('geometry');
      out.push(this.polygon(part.size, part.little));
    }
    return out;
  }

  private head(): { kind: number; size: number; little: boolean } {
    const little = this.v.getUint8(this.p) === 1;
    const type = this.v.getUint32(this.p + 1, little);
    this.p += 5;
    // ISO: thousands tell Z and M.
    const extra = Math.floor(type / 1000);
    if (type > 3999) throw new FileFault('geometry');
    return { kind: type % 1000, size: 2 + (extra === 0 ? 0 : extra === 3 ? 2 : 1), little };
  }

  private count(little: boolean): number {
    const n = this.v.getUint32(this.p, little);
    this.p += 4;
    if (n > this.v.byteLength) throw new FileFault('geometry');
    return n;
  }

  private polygon(size: number, little: boolean): Position[][] {
    const rings: Position[][] = [];
    for (let n = this.count(little); n > 0; n--) {
      const ring: Position[] = [];
      for (let m = this.count(little); m > 0; m--) {
        ring.push([this.v.getFloat64(this.p, little), this.v.getFloat64(this.p + 8, little)]);
        this.p += 8 * size;
      }
      rings.push(ring);
    }
    return rings;
  }
}
