// The documents of the mock, in the shapes of the HTTP API.
import { box, classes, ground, height, municipalities, pharmacies, roads, schools, towns } from './land.mjs';
import { png, vectorTiles } from './tiles.mjs';

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const inside = (lon, lat) => lon > box[0] && lon < box[2] && lat > box[1] && lat < box[3];
const ramp = ['#2c6e49', '#8fb56a', '#e8dca0', '#c49a6c', '#8d6748', '#ffffff'];
const shade = (f) => rgb(ramp[Math.max(0, Math.min(5, Math.floor(f * 6)))]);

const items = ['2025-03-02', '2025-05-14', '2025-08-01', '2025-10-20'].map((d, i) => ({
  id: `scene-${i + 1}`,
  datetime: `${d}T10:10:00Z`,
  cloud_cover: [3.2, 12.5, 0.4, 41][i],
  bbox: box,
}));

const vector = {
  comuni: { title: 'Comuni', role: 'territory', type: 'MultiPolygon', features: municipalities, fields: ['pro_com', 'comune'] },
  strade: { title: 'Strade', role: 'road', type: 'LineString', features: roads, fields: ['highway'] },
  pharmacy: { title: 'Farmacie', role: 'service', type: 'Point', features: pharmacies, fields: ['name'] },
  schools: { title: 'Scuole primarie', role: 'service', type: 'Point', features: schools, fields: ['name'] },
};

const raster = {
  landcover: { title: 'Uso del suolo', role: 'landcover', color: (lon, lat) => [...rgb(classes[ground(lon, lat)].color), 255] },
  dem: { title: 'Modello del terreno', role: 'elevation', color: (lon, lat) => [...shade((height(lon, lat) - 100) / 1500), 255] },
  scenes: { title: 'Immagini Sentinel', role: 'imagery', items, color: (lon) => [...shade(Math.sin(lon * 90) * 0.5 + 0.5).map((v) => v * 0.7), 255] },
  people: {
    title: 'Popolazione per cella',
    role: 'population',
    color: (lon, lat) => [140, 80, 130, Math.max(0, 200 - 9000 * Math.min(...towns.map((t) => Math.hypot(lon - t.centre[0], lat - t.centre[1]))))],
  },
};

const makers = new Map(Object.entries(vector).map(([id, v]) => [id, vectorTiles(id, v.features)]));

export function tile(id, z, x, y, ext) {
  if (ext === 'mvt' && makers.has(id)) return makers.get(id)(z, x, y);
  if (ext === 'png' && raster[id]) return png(z, x, y, (lon, lat) => (inside(lon, lat) ? raster[id].color(lon, lat) : [0, 0, 0, 0]));
  return undefined;
}

export function collections() {
  const common = (id, v) => ({
    id,
    title: v.title,
    description: '',
    attribution: 'Esempio inventato',
    license: 'CC0-1.0',
    extent: { spatial: { bbox: [box] } },
    crs: ['http://www.opengis.net/def/crs/OGC/1.3/CRS84'],
    links: [],
  });
  const own = (kind, v) => ({ kind, role: v.role, version: 1, published_at: '2026-01-01T00:00:00Z', notices: [], invented: true });
  return [
    ...Object.entries(vector).map(([id, v]) => ({
      ...common(id, v),
      itemType: 'feature',
      contado: { ...own('vector', v), count: v.features.length, geometry_type: v.type, fields: v.fields.map((name) => ({ name, type: 'string' })) },
    })),
    ...Object.entries(raster).map(([id, v]) => ({
      ...common(id, v),
      contado: { ...own('raster', v), items: v.items ?? [{ id, datetime: null, cloud_cover: null, bbox: box }] },
    })),
  ];
}

export const features = (id) => vector[id]?.features;

export function tileJSON(base, id, query) {
  if (!vector[id] && !raster[id]) return undefined;
  const ext = vector[id] ? 'mvt' : 'png';
  return {
    tilejson: '3.0.0',
    tiles: [`${base}/xyz/${id}/{z}/{x}/{y}.${ext}${query}`],
    minzoom: 0,
    maxzoom: 14,
    bounds: box,
    ...(vector[id] ? { vector_layers: [{ id, fields: {} }] } : {}),
  };
}

export function style(base, id) {
  const url = `${base}/xyz/${id}.json`;
  if (raster[id])
    return {
      version: 8,
      sources: { [id]: { type: 'raster', url, tileSize: 256 } },
      layers: [{ id, type: 'raster', source: id, paint: { 'raster-resampling': 'nearest' } }],
    };
  if (!vector[id]) return undefined;
  const layer = (name, type, paint, extra = {}) => ({ id: `${id}-${name}`, type, source: id, 'source-layer': id, paint, ...extra });
  const layers = {
    territory: [
      layer('fill', 'fill', { 'fill-color': '#e8dcc4', 'fill-opacity': 0.45 }),
      layer('border', 'line', { 'line-color': '#8a6d3b', 'line-width': 1.2 }),
    ],
    road: [layer('line', 'line', { 'line-color': '#c08a3e', 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.5, 14, 2.2] })],
    service: [
      layer('circle', 'circle', { 'circle-color': '#0072b2', 'circle-radius': 5, 'circle-stroke-color': '#fff', 'circle-stroke-width': 1.2 }),
    ],
  };
  return { version: 8, sources: { [id]: { type: 'vector', url } }, layers: layers[vector[id].role] };
}

export function legend(id) {
  if (id === 'landcover')
    return { dataset: id, title: raster[id].title, entries: classes.map((c) => ({ label: c.name, color: c.color, kind: 'fill', value: c.value })) };
  if (raster[id])
    return {
      dataset: id,
      title: raster[id].title,
      unit: id === 'dem' ? 'm' : '',
      entries: [{ label: raster[id].title, color: ramp[2], kind: 'ramp', stops: ramp.map((color, i) => ({ value: 100 + i * 300, color })) }],
    };
  if (!vector[id]) return undefined;
  const kinds = {
    territory: ['Border', '#8a6d3b', 'line'],
    road: ['Tertiary road', '#e0b84c', 'line'],
    service: [vector[id].title, '#0072b2', 'circle'],
  };
  const [label, color, kind] = kinds[vector[id].role];
  return { dataset: id, title: vector[id].title, entries: [{ label, color, kind }] };
}

const province = {
  code: '099',
  name: 'Valle del Contado',
  level: 'province',
  parent: '',
  dataset: 'comuni',
  bbox: box,
  children_count: towns.length,
  links: [],
};
const town = (t) => ({
  code: t.code,
  name: t.name,
  level: 'municipality',
  parent: '099',
  dataset: 'comuni',
  bbox: t.bbox,
  children_count: 0,
  links: [],
});

function holds(ring, [x, y]) {
  let odd = false;
  for (let i = 1; i < ring.length; i++) {
    const [a, b] = [ring[i - 1], ring[i]];
    if (a[1] > y !== b[1] > y && x < a[0] + ((y - a[1]) / (b[1] - a[1])) * (b[0] - a[0])) odd = !odd;
  }
  return odd;
}

export function territories(q) {
  if (q.get('at')) {
    const hit = towns.filter((t) => holds(t.ring, q.get('at').split(',').map(Number)));
    return hit.length > 0 ? [province, ...hit.map(town)] : [];
  }
  let list = [province];
  if (q.get('parent')) list = towns.map(town);
  else if (q.get('level')) list = [province, ...towns.map(town)].filter((t) => t.level === q.get('level'));
  else if (q.get('q')) list = [province, ...towns.map(town)].filter((t) => `${t.name} ${t.code}`.toLowerCase().includes(q.get('q').toLowerCase()));
  return list.slice(0, Number(q.get('limit') ?? 500));
}

export function territory(code, geometry) {
  const t = towns.find((x) => x.code === code);
  if (t) return { ...town(t), ancestors: [province], children: [], ...(geometry ? { geometry: { type: 'Polygon', coordinates: [t.ring] } } : {}) };
  if (code !== '099') return undefined;
  return {
    ...province,
    ancestors: [],
    children: towns.map(town),
    ...(geometry ? { geometry: { type: 'MultiPolygon', coordinates: towns.map((x) => [x.ring]) } } : {}),
  };
}

const bands = [
  ['age_0_14', 0.11],
  ['age_15_64', 0.6],
  ['age_65_79', 0.19],
  ['age_80_plus', 0.1],
];
const peopleOf = (code) => towns.filter((t) => code === '099' || t.code === code).reduce((s, t) => s + t.people, 0);

export function profile(code) {
  const t = territory(code, false);
  if (!t) return undefined;
  const total = peopleOf(code);
  const shares = [0.41, 0.22, 0.14, 0.03, 0.05, 0.004, 0.026, 0.04, 0.08];
  const ha = code === '099' ? 77234.5 : 6432.1;
  return {
    territory: t,
    area_km2: ha / 100,
    population: { total, dataset: 'people', version: 1, age_bands: bands.map(([band, s]) => ({ band, people: total * s })) },
    elevation: { min_m: 212, mean_m: 688.4, max_m: 1433, dataset: 'dem' },
    landcover: { dataset: 'landcover', classes: classes.map((c, i) => ({ ...c, hectares: ha * shares[i], share: shares[i] })) },
    services: [
      { dataset: 'pharmacy', title: 'Farmacie', count: code === '099' ? 7 : 1 },
      { dataset: 'schools', title: 'Scuole primarie', count: code === '099' ? 14 : 0 },
    ],
    inputs: [{ dataset: 'people', version: '1', role: 'population', sha256: 'ab', title: 'Popolazione per cella' }],
    notices: [{ code: 'invented-data', text: 'Invented.' }],
  };
}

/** figures keep the law covered + uncovered + unreachable = population. */
function figures(population, thresholds, ease) {
  const unreachable = population * Math.max(0, 0.05 - ease * 0.05);
  const coverage = thresholds.map((threshold_s) => {
    const covered = Math.min(population - unreachable, population * (1 - Math.exp(-(threshold_s / 1500) * (0.25 + ease * 2))));
    return { threshold_s, covered, uncovered: population - covered - unreachable, unreachable, share: population > 0 ? covered / population : null };
  });
  return { population, coverage, median_s: population > 0 ? 1530 / (0.3 + ease) : null, p90_s: null };
}

const seconds = (v) => (typeof v === 'number' ? v : parseFloat(v) * (String(v).endsWith('m') ? 60 : 1));

export function report(inputs) {
  const thresholds = (inputs.thresholds ?? ['15m', '30m', '60m']).map(seconds).sort((a, b) => a - b);
  const some = towns.filter((t) => inputs.territory === '099' || t.code === inputs.territory);
  const areas = some.map((t, n) => ({ code: t.code, name: t.name, ...figures(t.people, thresholds, ((n * 7) % 11) / 10) }));
  const total = some.reduce((s, t) => s + t.people, 0);
  const gaps = some
    .filter((t) => t.people > 0)
    .slice(0, 8)
    .map((t, n) => ({
      name: n % 3 ? `near ${t.name}` : t.name,
      kind: n % 3 ? 'near' : 'place',
      lon: t.centre[0],
      lat: t.centre[1],
      population: 700 - n * 83,
      unreachable: n % 2 ? 40 : 0,
      time_s: 4100 + n * 300,
      area_code: t.code,
      area_name: t.name,
      place: t.name,
      distance_m: 2350,
      bearing: 'SW',
    }));
  return {
    id: `${inputs.territory}-${inputs.service}`,
    title: 'Coverage',
    created_at: '2026-11-20T10:00:00Z',
    territory: { code: inputs.territory, name: territory(inputs.territory).name },
    area_level: 'municipality',
    service: inputs.service,
    service_title: vector[inputs.service]?.title,
    profile: inputs.profile ?? 'walking',
    thresholds_s: thresholds,
    population_total: total,
    ...figures(total, thresholds, 0.5),
    age_bands: bands.map(([band, s], i) => ({ band, ...figures(total * s, thresholds, 0.6 - i * 0.12) })),
    areas,
    gaps,
    gaps_omitted: { count: 4, population: 1234.4 },
    curve: [],
    facilities: { count: 7, unplaced: [] },
    inputs: [],
    method: {},
    notices: [
      { code: 'invented-data', text: 'Invented.' },
      ...(areas.some((a) => a.population === 0) ? [{ code: 'areas-without-people', text: '', values: { count: 1 } }] : []),
    ],
    program: { name: 'contado', version: 'mock' },
  };
}
