// Draws a server's layers as web maps do: MapLibre GL and OpenLayers, in
// Chromium, on a page of another origin.
//
//   node web_clients.mjs BASE VECTOR RASTER PICTURES WEB_MODULES CLIENT_MODULES CHROMIUM
//
// Prints JSON: for each map how many pixels and features were drawn, and what
// went wrong.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';

const [base, vector, raster, pictures, web, clients, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(join(web, 'x.js'))('playwright-core');

const head = '<!doctype html><meta charset="utf-8"><style>body{margin:0}#map{width:600px;height:600px;background:#fff}</style>';
const pages = {
  '/maplibre.html': `${head}<link rel="stylesheet" href="/web/maplibre-gl/dist/maplibre-gl.css"><div id="map"></div><script type="module">
    import { Map, setWorkerUrl } from '/web/maplibre-gl/dist/maplibre-gl.mjs';
    setWorkerUrl('/web/maplibre-gl/dist/maplibre-gl-worker.mjs');
    window.wrong = [];
    const q = new URLSearchParams(location.search);
    const style = await (await fetch(q.get('style'))).json();
    const source = Object.keys(style.sources)[0];
    // Names in letters of the machine itself: the style has no address of glyphs.
    if (q.get('label')) style.layers = [{ id: 'names', type: 'symbol', source, 'source-layer': source, layout: { 'text-field': ['get', q.get('label')], 'text-size': 16 } }];
    const map = new Map({ container: 'map', style: q.get('label') ? style : q.get('style'), center: style.center, zoom: style.zoom, attributionControl: false, canvasContextAttributes: { preserveDrawingBuffer: true } });
    map.on('error', (e) => window.wrong.push(String(e.error && e.error.message || e)));
    map.on('idle', () => { window.features = map.queryRenderedFeatures().length; window.ready = true; });
  </script>`,
  '/openlayers.html': `${head}<link rel="stylesheet" href="/clients/ol/ol.css"><script src="/clients/ol/dist/ol.js"></script><div id="map"></div><script type="module">
    window.wrong = [];
    const q = new URLSearchParams(location.search);
    const [w, s, e, n] = q.get('box').split(',').map(Number);
    const mvt = { format: new ol.format.MVT() };
    const make = {
      xyz: async () => { const t = await (await fetch(q.get('url'))).json(); return new ol.layer.VectorTile({ source: new ol.source.VectorTile({ ...mvt, urls: t.tiles, minZoom: t.minzoom, maxZoom: t.maxzoom, attributions: t.attribution }) }); },
      ogcvector: async () => new ol.layer.VectorTile({ source: new ol.source.OGCVectorTile({ ...mvt, url: q.get('url') }) }),
      ogcmap: async () => new ol.layer.Tile({ source: new ol.source.OGCMapTile({ url: q.get('url'), mediaType: 'image/png', crossOrigin: 'anonymous' }) }),
      wmts: async () => { const c = new ol.format.WMTSCapabilities().read(await (await fetch(q.get('url'))).text()); return new ol.layer.Tile({ source: new ol.source.WMTS({ ...ol.source.WMTS.optionsFromCapabilities(c, { layer: q.get('layer'), matrixSet: 'WebMercatorQuad' }), crossOrigin: 'anonymous' }) }); },
      geojson: async () => new ol.layer.Vector({ source: new ol.source.Vector({ url: q.get('url'), format: new ol.format.GeoJSON() }) }),
    }[q.get('kind')];
    const layer = await make();
    const source = layer.getSource();
    let tiles = 0;
    for (const kind of ['tileloaderror', 'error', 'featuresloaderror']) source.on(kind, (e) => window.wrong.push(kind + ' ' + (source.getState && source.getState()) + ' ' + (e.tile && e.tile.src_ || '')));
    source.on('tileloadend', (e) => { tiles++; });
    const map = new ol.Map({ target: 'map', layers: [layer], controls: [], view: new ol.View() });
    map.getView().fit(ol.proj.transformExtent([w, s, e, n], 'EPSG:4326', 'EPSG:3857'), { size: [600, 600] });
    map.on('rendercomplete', () => {
      let features = 0;
      if (source.getFeatures) features = source.getFeatures().length;
      else if (layer.getFeaturesInExtent) features = layer.getFeaturesInExtent(map.getView().calculateExtent()).length;
      window.features = features; window.tiles = tiles;
      // A source that becomes ready while a frame ends lets an empty map be "complete": one of tiles is drawn once a tile has come.
      window.ready = source.getState() === 'ready' && (q.get('kind') === 'geojson' ? features > 0 : tiles > 0);
    });
  </script>`,
};
const types = { '.mjs': 'text/javascript', '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html' };
const files = createServer(async (req, res) => {
  const { pathname } = new URL(req.url, 'http://x');
  try {
    let body = pages[pathname];
    if (pathname === '/favicon.ico') body = ' ';
    if (!body) {
      const [, root, ...rest] = normalize(pathname).split('/');
      body = await readFile(join({ web, clients }[root] ?? '/nowhere', ...rest));
    }
    res.writeHead(200, { 'content-type': types[extname(pathname)] ?? 'application/octet-stream' }).end(body);
  } catch {
    res.writeHead(404).end();
  }
});
await new Promise((done) => files.listen(0, '127.0.0.1', done));
const here = `http://127.0.0.1:${files.address().port}`;

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-background-networking', '--disable-component-update'],
});

/** draw opens a page, waits until the map says that all is drawn, and counts pixels that are not white. */
async function draw(name, path, query) {
  const page = await browser.newPage({ viewport: { width: 600, height: 600 } });
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  page.on('console', (m) => m.type() === 'error' && !m.text().includes('favicon') && wrong.push(m.text() + ' ' + (m.location().url ?? '')));
  page.on('request', (r) => !r.url().startsWith(base) && !r.url().startsWith(here) && !/^(blob|data):/.test(r.url()) && wrong.push(`asked ${r.url()}`));
  let out;
  try {
    await page.goto(`${here}/${path}?${new URLSearchParams(query)}`);
    await page.waitForFunction('window.ready === true', undefined, { timeout: 180_000 });
    const picture = await page.screenshot({ path: join(pictures, `${name}.png`) });
    out = await page.evaluate(async (data) => {
      const image = new Image();
      image.src = data;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const c = canvas.getContext('2d');
      c.drawImage(image, 0, 0);
      const p = c.getImageData(0, 0, image.width, image.height).data;
      const colours = new Set();
      let drawn = 0;
      for (let i = 0; i < p.length; i += 4) {
        const v = p[i] * 65536 + p[i + 1] * 256 + p[i + 2];
        colours.add(v);
        if (v !== 0xffffff) drawn++;
      }
      return { drawn, colours: colours.size, features: window.features ?? 0, tiles: window.tiles ?? 0, wrong: window.wrong };
    }, `data:image/png;base64,${picture.toString('base64')}`);
  } catch (e) {
    out = { drawn: 0, colours: 0, features: 0, tiles: 0, wrong: [String(e), ...(await page.evaluate('window.wrong ?? []').catch(() => []))] };
  }
  await page.close();
  out.wrong.push(...wrong);
  return out;
}

const boxOf = async (id) => (await (await fetch(`${base}/collections/${id}`)).json()).extent.spatial.bbox[0].join(',');
const box = await boxOf(vector);
const land = await boxOf(raster);
const report = {
  maplibre: await draw('maplibre', 'maplibre.html', { style: `${base}/styles/${vector}` }),
  'maplibre-names': await draw('maplibre-names', 'maplibre.html', { style: `${base}/styles/${vector}`, label: 'name' }),
  'openlayers-tilejson': await draw('openlayers-tilejson', 'openlayers.html', { kind: 'xyz', box, url: `${base}/xyz/${vector}.json` }),
  'openlayers-ogc-vector': await draw('openlayers-ogc-vector', 'openlayers.html', { kind: 'ogcvector', box, url: `${base}/collections/${vector}/tiles/WebMercatorQuad` }),
  'openlayers-geojson': await draw('openlayers-geojson', 'openlayers.html', { kind: 'geojson', box, url: `${base}/collections/${vector}/items?limit=1000` }),
  'openlayers-ogc-map': await draw('openlayers-ogc-map', 'openlayers.html', { kind: 'ogcmap', box: land, url: `${base}/collections/${raster}/map/tiles/WebMercatorQuad` }),
  'openlayers-wmts': await draw('openlayers-wmts', 'openlayers.html', { kind: 'wmts', box: land, layer: raster, url: `${base}/wmts/1.0.0/WMTSCapabilities.xml` }),
};
await browser.close();
files.close();
console.log(JSON.stringify(report));
