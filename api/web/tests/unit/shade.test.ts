import { expect, test } from 'vitest';
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { Connection } from '../../src/lib/api/client';
import { answerShade, shade, shaded, shadeScheme, split } from '../../src/lib/map/shade';
import { isSoftware } from '../../src/lib/map/software';

const whole = (url: string): string => new URL(url, 'http://here').href;

const style: StyleSpecification = {
  version: 8,
  sources: {
    heights: { type: 'raster-dem', url: '/xyz/dem.json?terrain=terrarium', tileSize: 256, encoding: 'terrarium' },
    cover: { type: 'raster', url: '/xyz/cover.json' },
  },
  layers: [
    { id: 'cover', type: 'raster', source: 'cover' },
    {
      id: 'relief',
      type: 'hillshade',
      source: 'heights',
      minzoom: 7,
      paint: { 'hillshade-exaggeration': 0.2, 'hillshade-shadow-color': '#6e6757', 'hillshade-highlight-color': '#FFFFFF' },
    },
  ],
};

test('renderers in software are known by their names', () => {
  for (const name of [
    'ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)',
    'llvmpipe (LLVM 15.0.6, 256 bits)',
    'ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0)',
    'Apple Software Renderer',
  ])
    expect(isSoftware(name), name).toBe(true);
  for (const name of [
    'ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)',
    'Apple M2',
    'Mali-G78',
    'NVIDIA GeForce GTX 980/PCIe/SSE2',
  ])
    expect(isSoftware(name), name).toBe(false);
});

test('level ground is clear, slopes are shadow or light as they are steep, and what is not there stays so', () => {
  const grey = (v: number, alpha = 255): number[] => [v, v, v, alpha];
  const p = new Uint8ClampedArray([...grey(181), ...grey(1), ...grey(90), ...grey(255), ...grey(218), ...grey(0, 0)]);
  shade(p, [110, 103, 87], [255, 250, 245]);
  const at = (i: number): number[] => [...p.slice(4 * i, 4 * i + 4)];
  expect(at(0)[3]).toBe(0);
  expect(at(1)).toEqual([110, 103, 87, 254]);
  expect(at(2)).toEqual([110, 103, 87, 128]);
  expect(at(3)).toEqual([255, 250, 245, 255]);
  expect(at(4)).toEqual([255, 250, 245, 128]);
  expect(at(5)[3]).toBe(0);
});

test('a hillshade becomes a picture in its place, in its colours, and asks for no heights', () => {
  const s = shaded(style, whole);
  expect(s.layers.map((l) => [l.id, l.type])).toEqual([
    ['cover', 'raster'],
    ['relief', 'raster'],
  ]);
  expect(s.layers[1]).toEqual({ id: 'relief', type: 'raster', source: 'heights:shade', minzoom: 7, paint: { 'raster-opacity': 0.2 } });
  expect(s.layers[0]).toBe(style.layers[0]);
  expect(Object.keys(s.sources).sort()).toEqual(['cover', 'heights:shade']);
  expect(s.sources['heights:shade']).toEqual({
    type: 'raster',
    url: `${shadeScheme}://6e6757/FFFFFF/http://here/xyz/dem.json?terrain=hillshade`,
    tileSize: 256,
  });
  expect(style.sources).toHaveProperty('heights');
});

test('heights that another layer needs stay', () => {
  const more = { id: 'tint', type: 'color-relief', source: 'heights' } as LayerSpecification;
  expect(Object.keys(shaded({ ...style, layers: [...style.layers, more] }, whole).sources)).toContain('heights');
});

test('an address names colours and place; another is refused', () => {
  expect(split(`${shadeScheme}://6e6757/ffffff/http://here/1/2/3.png?a=b`)).toEqual({
    begin: `${shadeScheme}://6e6757/ffffff/`,
    shadow: [110, 103, 87],
    light: [255, 255, 255],
    at: 'http://here/1/2/3.png?a=b',
  });
  expect(() => split(`${shadeScheme}://red/ffffff/http://here/`)).toThrow('not an address');
});

test('the description of the tiles sends them through the same painting; a refusal is an error', async () => {
  const asked: string[] = [];
  let status = 200;
  const server = new Connection((at) => {
    asked.push(String(at));
    return Promise.resolve(
      new Response(JSON.stringify({ tiles: ['http://here/xyz/dem/{z}/{x}/{y}.png?terrain=hillshade&v=1'], maxzoom: 13 }), { status }),
    );
  });
  const ask = server.send.bind(server);
  const url = `${shadeScheme}://6e6757/ffffff/http://here/xyz/dem.json?terrain=hillshade`;
  expect((await answerShade({ url, type: 'json' }, new AbortController(), ask)).data).toEqual({
    tiles: [`${shadeScheme}://6e6757/ffffff/http://here/xyz/dem/{z}/{x}/{y}.png?terrain=hillshade&v=1`],
    maxzoom: 13,
  });
  expect(asked).toEqual(['http://here/xyz/dem.json?terrain=hillshade']);
  status = 503;
  await expect(answerShade({ url, type: 'image' }, new AbortController(), ask)).rejects.toMatchObject({ kind: 'server' });
});
