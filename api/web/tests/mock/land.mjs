// A small invented land for developing the page without the program: twelve
// municipalities, roads, services. The same at every start.

let seed = 7;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;

const names = [
  'Acquarola',
  'Borgo Lento',
  'Campofreddo',
  'Dossena di Sopra',
  'Erbaluna',
  'Fontanile',
  'Gramolazzo',
  'Isola Verde',
  'Lagoscuro',
  'Monte Rado',
  'Noceto al Bosco',
  'Ospedaletto',
];
const cols = 4;
const rows = 3;
export const box = [10.4, 44.2, 10.8, 44.42];
const jitter = 0.35;

function corner(i, j) {
  const edge = i === 0 || j === 0 || i === cols || j === rows;
  const dx = edge ? 0 : (random() - 0.5) * jitter;
  const dy = edge ? 0 : (random() - 0.5) * jitter;
  return [box[0] + ((i + dx) / cols) * (box[2] - box[0]), box[1] + ((j + dy) / rows) * (box[3] - box[1])];
}

const corners = Array.from({ length: cols + 1 }, (_, i) => Array.from({ length: rows + 1 }, (_, j) => corner(i, j)));

/** edge bends the line between two corners, the same way from both sides. */
function edge(a, b) {
  const flip = a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
  const [p, q] = flip ? [b, a] : [a, b];
  const points = Array.from({ length: 9 }, (_, k) => {
    const f = k / 8;
    const w = Math.sin(f * Math.PI) * 0.006 * Math.sin(f * 11 + p[0] * 90 + q[1] * 70);
    const outer = (p[0] === q[0] && (p[0] === box[0] || p[0] === box[2])) || (p[1] === q[1] && (p[1] === box[1] || p[1] === box[3]));
    return [p[0] + (q[0] - p[0]) * f + (outer ? 0 : w), p[1] + (q[1] - p[1]) * f + (outer ? 0 : w)];
  });
  return (flip ? points.reverse() : points).slice(0, -1);
}

export const towns = names.map((name, n) => {
  const i = n % cols;
  const j = Math.floor(n / cols);
  const c = [corners[i][j], corners[i + 1][j], corners[i + 1][j + 1], corners[i][j + 1]];
  const ring = c.flatMap((p, k) => edge(p, c[(k + 1) % 4]));
  ring.push(ring[0]);
  const xs = ring.map((p) => p[0]);
  const ys = ring.map((p) => p[1]);
  return {
    code: `0990${String(n + 1).padStart(2, '0')}`,
    name,
    ring,
    bbox: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
    centre: [xs.reduce((s, v) => s + v, 0) / xs.length, ys.reduce((s, v) => s + v, 0) / ys.length],
    people: n === 9 ? 0 : Math.round(400 + random() * 8000),
  };
});

const feature = (geometry, properties, id) => ({ type: 'Feature', id, geometry, properties });
const around = ([x, y], r) => [x + (random() - 0.5) * r, y + (random() - 0.5) * r];

export const municipalities = towns.map((t, n) => feature({ type: 'Polygon', coordinates: [t.ring] }, { pro_com: t.code, comune: t.name }, n + 1));

export const roads = [];
towns.forEach((a, n) => {
  for (const b of [towns[n + 1], towns[n + cols]]) {
    if (!b) continue;
    const mid = around([(a.centre[0] + b.centre[0]) / 2, (a.centre[1] + b.centre[1]) / 2], 0.03);
    roads.push(
      feature({ type: 'LineString', coordinates: [a.centre, mid, b.centre] }, { highway: n % 3 ? 'tertiary' : 'primary' }, roads.length + 1),
    );
  }
  for (let k = 0; k < 5; k++) {
    const end = around(a.centre, 0.07);
    roads.push(feature({ type: 'LineString', coordinates: [a.centre, around(end, 0.01), end] }, { highway: 'unclassified' }, roads.length + 1));
  }
});

const points = (count, kind) =>
  Array.from({ length: count }, (_, n) =>
    feature({ type: 'Point', coordinates: around(towns[(n * 5) % towns.length].centre, 0.05) }, { name: `${kind} ${n + 1}` }, n + 1),
  );

export const pharmacies = points(7, 'Farmacia');
export const schools = points(14, 'Scuola primaria');

export const classes = [
  { value: 1, name: 'Bosco di latifoglie', color: '#4c8c4a' },
  { value: 2, name: 'Prati e pascoli', color: '#b8d987' },
  { value: 3, name: 'Seminativi', color: '#f2e3a0' },
  { value: 4, name: 'Zone urbanizzate', color: '#d1495b' },
  { value: 5, name: 'Rocce e ghiaioni', color: '#b5afa5' },
  { value: 6, name: 'Acque', color: '#6fa8dc' },
  { value: 7, name: 'Vigneti', color: '#9d6b9e' },
  { value: 8, name: 'Oliveti', color: '#a3a847' },
  { value: 9, name: 'Cespuglieti', color: '#7fae6e' },
];

/** height in metres; ground is the class of land cover. */
export function height(lon, lat) {
  const x = (lon - box[0]) / (box[2] - box[0]);
  const y = (lat - box[1]) / (box[3] - box[1]);
  return 250 + 900 * y + 260 * Math.sin(x * 9 + y * 4) * Math.cos(y * 8) + 60 * Math.sin(x * 40) * Math.sin(y * 37);
}

export function ground(lon, lat) {
  const h = height(lon, lat);
  const n = Math.sin(lon * 700) * Math.cos(lat * 900);
  if (towns.some((t) => Math.hypot(lon - t.centre[0], lat - t.centre[1]) < 0.009)) return 3;
  if (h > 1150) return 4;
  if (h > 850) return n > 0.1 ? 1 : 0;
  if (h > 500) return n > 0.4 ? 8 : n < -0.6 ? 6 : 0;
  return n > -0.1 ? 2 : n < -0.7 ? 5 : 1;
}
