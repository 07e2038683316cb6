// Tiles of the mock: vector tiles from GeoJSON, PNG from a function of place.
import { deflateSync, crc32 } from 'node:zlib';
import { GeoJSONVT } from '@maplibre/geojson-vt';
import { fromGeojsonVt } from '@maplibre/vt-pbf';

export function vectorTiles(id, features) {
  const index = new GeoJSONVT({ type: 'FeatureCollection', features }, { maxZoom: 14, indexMaxZoom: 5, buffer: 64, extent: 4096 });
  return (z, x, y) => {
    const tile = index.getTile(z, x, y);
    return tile ? Buffer.from(fromGeojsonVt({ [id]: tile }, { version: 2, extent: 4096 })) : null;
  };
}

/** png draws 256 × 256 pixels; color gives [r, g, b, a] for a place. */
export function png(z, x, y, color) {
  const n = 2 ** z;
  const rows = [];
  for (let j = 0; j < 256; j++) {
    const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * (y + (j + 0.5) / 256)) / n))) * 180) / Math.PI;
    const row = Buffer.alloc(1 + 256 * 4);
    for (let i = 0; i < 256; i++) row.set(color(((x + (i + 0.5) / 256) / n) * 360 - 180, lat), 1 + i * 4);
    rows.push(row);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(256, 0);
  head.writeUInt32BE(256, 4);
  head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32 ? crc32(body) : crc(body), body.length + 4);
  return out;
}

function crc(bytes) {
  let c = 0xffffffff;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return (c ^ 0xffffffff) >>> 0;
}
