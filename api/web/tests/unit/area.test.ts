import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toLonLat } from '../../src/tasks/area/metric';
import { pack, unpack } from '../../src/tasks/area/packed';
import { parseCoordinates, ParseError, parseGeoJSON, parseText, parseWKT } from '../../src/tasks/area/parse';
import { parseGeoPackage } from '../../src/tasks/area/geopackage';
import { columnsOf } from '../../src/tasks/area/sqlite';
import { areaOf, checked, circle, crossing, settled, verticesOf, type Rings } from '../../src/tasks/area/shapes';

const square: Rings = [
  [
    [
      [9.6, 45.85],
      [9.75, 45.85],
      [9.75, 46],
      [9.6, 46],
      [9.6, 45.85],
    ],
  ],
];
const code = (act: () => unknown): string => {
  try {
    act();
  } catch (e) {
    return e instanceof ParseError ? e.code : String(e);
  }
  return '';
};

describe('surfaces', () => {
  // The server's geodesic figure is 193.987 km².
  test('are those on the ellipsoid', () => expect(areaOf(square) / 1e6).toBeCloseTo(193.987, 0));
  test('leave out holes', () => {
    const hole = [
      [9.65, 45.9],
      [9.7, 45.9],
      [9.7, 45.95],
      [9.65, 45.95],
      [9.65, 45.9],
    ];
    expect(areaOf([[square[0]![0]!, hole]])).toBeCloseTo(areaOf(square) - areaOf([[hole]]), 3);
  });
  test('of a circle are those of its 64 corners', () => {
    const r = 2000;
    expect(areaOf(circle(9.7, 45.9, r)) / (32 * Math.sin(Math.PI / 32) * r * r)).toBeCloseTo(1, 2);
    expect(verticesOf(circle(9.7, 45.9, r))).toBe(64);
  });
});

describe('faults', () => {
  test('a ring that crosses itself, and where', () => {
    expect(
      crossing([
        [0, 0],
        [2, 2],
        [2, 0],
        [0, 2],
        [0, 0],
      ]),
    ).toEqual([1, 1]);
    expect(
      crossing([
        [0, 0],
        [2, 0],
        [2, 2],
        [0, 2],
        [0, 0],
      ]),
    ).toBeNull();
  });
  test('a ring that touches itself, or runs back over an edge', () => {
    expect(
      crossing([
        [0, 0],
        [4, 0],
        [4, 4],
        [2, 0],
        [0, 4],
        [0, 0],
      ]),
    ).toEqual([2, 0]);
    expect(
      crossing([
        [0, 0],
        [4, 0],
        [2, 0],
        [2, 3],
        [0, 0],
      ]),
    ).not.toBeNull();
  });
  test('random rings: the sweep finds what all pairs find', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const side = (a: number[], b: number[], c: number[]): number => Math.sign((b[0]! - a[0]!) * (c[1]! - a[1]!) - (b[1]! - a[1]!) * (c[0]! - a[0]!));
    for (let k = 0; k < 400; k++) {
      const ring = Array.from({ length: 4 + Math.floor(random() * 5) }, () => [random(), random()]);
      ring.push(ring[0]!);
      const n = ring.length - 1;
      let brute = false;
      for (let i = 0; i < n; i++) {
        for (let j = i + 2; j < n; j++) {
          if (i === 0 && j === n - 1) continue;
          const [a, b, c, d] = [ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!];
          brute ||= side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
        }
      }
      expect(crossing(ring) !== null, JSON.stringify(ring)).toBe(brute);
    }
  });
  test('outside the data, partly outside, too big, too few corners', () => {
    const codes = (rings: Rings, box: [number, number, number, number] | null) => checked(rings, box).map((f) => f.code);
    expect(codes(square, [9, 45, 10, 47])).toEqual([]);
    expect(codes(square, [9.7, 45, 10, 47])).toEqual(['partly']);
    expect(codes(square, [1, 1, 2, 2])).toEqual(['outside']);
    expect(
      codes(
        [
          [
            [
              [0, 40],
              [9, 40],
              [9, 48],
              [0, 48],
              [0, 40],
            ],
          ],
        ],
        null,
      ),
    ).toEqual(['big']);
    expect(
      codes(
        settled([
          [
            [
              [1, 1],
              [2, 2],
              [1, 1],
            ],
          ],
        ]),
        null,
      ),
    ).toEqual(['few']);
  });
});

describe('addresses', () => {
  test('give back what they were made of', () => {
    const two: Rings = settled([...square, ...circle(-70.123456, -33.654321, 500)]);
    const text = pack(two);
    expect(text).toMatch(/^[\w.*-]+$/);
    expect(new URLSearchParams({ a: text }).toString()).toBe(`a=${text}`);
    expect(unpack(text)).toEqual(two);
  });
  test.each(['', '!', 'AAAA', '____', 'zzzzzzzzzzzzzzzzzzzzzzzz', 'A'.repeat(8000)])('%.20s is no area', (t) => expect(unpack(t)).toBeNull());
});

describe('texts', () => {
  test.each([
    ['45.85, 9.6\n45.85, 9.75\n46, 9.75\n46, 9.6', 'latlon'],
    ['9,6 45,85\n9,75 45,85\n9,75 46\n9,6 46', 'lonlat'],
    ['45,85; 9,6\n46; 9,75', 'latlon'],
    ['POLYGON ((9.6 45.85, 9.75 45.85, 9.75 46, 9.6 46, 9.6 45.85))', 'latlon'],
    ['SRID=4326;MULTIPOLYGON Z (((9.6 45.85 3, 9.75 45.85 3, 9.75 46 3, 9.6 46 3, 9.6 45.85 3)))', 'latlon'],
    [JSON.stringify({ type: 'Polygon', coordinates: square[0] }), 'latlon'],
  ] as const)('%s', (text, order) => {
    const got = parseText(text, order);
    expect(got).toHaveLength(1);
    expect(areaOf(got[0]!.rings)).toBeCloseTo(areaOf(square), 0);
  });
  test('a feature has its name', () => {
    const f = {
      type: 'FeatureCollection',
      features: [
        { type: 'Feature', properties: { nome: 'Valle' }, geometry: { type: 'MultiPolygon', coordinates: square } },
        { type: 'Feature', geometry: null },
      ],
    };
    expect(parseGeoJSON(JSON.stringify(f))[0]).toEqual({ name: 'Valle', rings: square });
  });
  test('that are wrong say why', () => {
    expect(code(() => parseText(' ', 'latlon'))).toBe('empty');
    expect(code(() => parseText('{"type":', 'latlon'))).toBe('json');
    expect(code(() => parseText('{"type":"Point","coordinates":[1,2]}', 'latlon'))).toBe('nopolygon');
    expect(code(() => parseText('{"type":"Polygon","coordinates":[[["a",1]]]}', 'latlon'))).toBe('number');
    expect(code(() => parseText('{"type":"Polygon","coordinates":[1]}', 'latlon'))).toBe('json');
    expect(code(() => parseText('SRID=32632;POLYGON((1 1,2 2,3 3,1 1))', 'latlon'))).toBe('crs');
    expect(code(() => parseWKT('POLYGON((1 1,2 2,3 3)'))).toBe('wkt');
    expect(code(() => parseCoordinates('45 9\n46 10\nhere there', 'latlon'))).toBe('number');
    expect(code(() => parseCoordinates('45 9', 'latlon'))).toBe('few');
    expect(code(() => parseCoordinates('500000 5000000\n1 1\n2 2', 'lonlat'))).toBe('range');
  });
});

describe('metres', () => {
  // gdaltransform -t_srs EPSG:4326
  test.each([
    ['EPSG:32632', 546450, 5094330, 9.59988958517651, 46.0009682776408],
    ['EPSG:7792', 291952, 4640623, 12.4922735916493, 41.890169213351],
    ['EPSG:25833', 280000, 5100000, 12.1578357559666, 46.0182219626031],
    ['EPSG:3857', 1068658.2, 5779194.9, 9.59991994559656, 45.9927963160958],
  ] as const)('%s', (crs, x, y, lon, lat) => {
    const got = toLonLat(crs)!(x, y);
    expect(got[0]).toBeCloseTo(lon, 8);
    expect(got[1]).toBeCloseTo(lat, 8);
  });
  test('other systems are not guessed', () => expect(toLonLat('EPSG:3003')).toBeNull());
});

describe('columns of a table', () => {
  test('with quotes, brackets and constraints', () =>
    expect(
      columnsOf(
        'CREATE TABLE "a(b" ( "fid" INTEGER PRIMARY KEY, "na,me" TEXT(20), [x y] REAL CHECK (1 in (1,2)), CONSTRAINT u UNIQUE (fid))'.replace(
          'a(b',
          'ab',
        ),
      ),
    ).toEqual(['fid', 'na,me', 'x y']));
});

describe('GeoPackages', () => {
  const ogr = ['/usr/bin/ogr2ogr', '/usr/local/bin/ogr2ogr'].find(existsSync);
  test.skipIf(!ogr)(
    'are read as GDAL wrote them',
    () => {
      const dir = mkdtempSync(join(tmpdir(), 'area-'));
      try {
        // Many corners: the geometry runs over pages.
        const big = circle(9.7, 45.9, 3000);
        const many = [
          [[...Array.from({ length: 900 }, (_, i) => [9.7 + 0.05 * Math.cos((i / 450) * Math.PI), 45.9 + 0.03 * Math.sin((i / 450) * Math.PI)])]],
        ];
        const doc = {
          type: 'FeatureCollection',
          features: [big, settled(many)].map((c, i) => ({
            type: 'Feature',
            properties: { nome: `n${i}` },
            geometry: { type: 'MultiPolygon', coordinates: c },
          })),
        };
        writeFileSync(join(dir, 'a.geojson'), JSON.stringify(doc));
        for (const crs of ['EPSG:4326', 'EPSG:32632', 'EPSG:3857', 'EPSG:25833']) {
          const path = join(dir, `${crs.slice(5)}.gpkg`);
          execFileSync(ogr!, ['-q', '-f', 'GPKG', '-t_srs', crs, path, join(dir, 'a.geojson')]);
          const b = readFileSync(path);
          const got = parseGeoPackage(b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength) as ArrayBuffer);
          expect(got.map((g) => g.name)).toEqual(['n0', 'n1']);
          expect(verticesOf(got[1]!.rings)).toBe(900);
          got.forEach((g, i) => {
            const want = [big, settled(many)][i]!;
            expect(areaOf(g.rings) / areaOf(want)).toBeCloseTo(1, 5);
            expect(g.rings[0]![0]![17]![0]).toBeCloseTo(want[0]![0]![17]![0]!, 5);
          });
        }
        execFileSync(ogr!, ['-q', '-f', 'GPKG', '-t_srs', 'EPSG:3003', join(dir, 'x.gpkg'), join(dir, 'a.geojson')]);
        const b = readFileSync(join(dir, 'x.gpkg'));
        const other = b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength) as ArrayBuffer;
        expect(code(() => parseGeoPackage(other))).toBe('crs');
        // Broken files are refused, whatever byte is wrong.
        const whole = new Uint8Array(readFileSync(join(dir, '32632.gpkg')));
        for (let k = 0; k < 300; k++) {
          const bad = whole.slice(0, k % 3 ? whole.length : 512 + k * 300);
          for (let j = 0; j < 40; j++) bad[(k * 7919 + j * 104729) % bad.length] = (k * 31 + j) % 256;
          try {
            parseGeoPackage(bad.buffer);
          } catch (e) {
            expect(e).toBeInstanceOf(ParseError);
          }
        }
      } finally {
        rmSync(dir, { recursive: true });
      }
    },
    60_000,
  );
});
