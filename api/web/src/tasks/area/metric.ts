// From the metric systems that Italian files are in to longitude and latitude:
// UTM (Karney's sixth-order series as in Krüger 1912) and Web Mercator.
import type { Position } from 'geojson';

type Project = (x: number, y: number) => Position;

/** zones and central meridians by EPSG code; the systems differ from WGS 84 by less than a metre */
const utm: Record<string, number> = {
  7791: 9,
  7792: 15,
  6707: 9,
  6708: 15,
  25832: 9,
  25833: 15,
  25831: 3,
  25834: 21,
  32631: 3,
  32632: 9,
  32633: 15,
  32634: 21,
};
const plain = ['EPSG:4326', 'OGC:84', 'EPSG:4258', 'EPSG:6706', 'EPSG:4979', 'NONE:0'];

/** toLonLat is the way from a reference system, or null when it is none of these. */
export function toLonLat(crs: string): Project | null {
  if (plain.includes(crs) || crs === 'OGC:CRS84') return (x, y) => [x, y];
  const code = /^EPSG:(\d+)$/.exec(crs)?.[1] ?? '';
  if (code === '3857') return mercator;
  const meridian = utm[code];
  return meridian === undefined ? null : (x, y) => inverse(x, y, meridian);
}

const a = 6_378_137;
const f = 1 / 298.257223563;
const degrees = 180 / Math.PI;

function mercator(x: number, y: number): Position {
  return [(x / a) * degrees, (2 * Math.atan(Math.exp(y / a)) - Math.PI / 2) * degrees];
}

const n = f / (2 - f);
const A = (a / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64 + n ** 6 / 256);
const beta = [
  n / 2 - (2 / 3) * n ** 2 + (37 / 96) * n ** 3 - n ** 4 / 360 - (81 / 512) * n ** 5,
  n ** 2 / 48 + n ** 3 / 15 - (437 / 1440) * n ** 4 + (46 / 105) * n ** 5,
  (17 / 480) * n ** 3 - (37 / 840) * n ** 4 - (209 / 4480) * n ** 5,
  (4397 / 161280) * n ** 4 - (11 / 504) * n ** 5,
];

function inverse(x: number, y: number, meridian: number): Position {
  const [xi, eta] = [y / (0.9996 * A), (x - 500_000) / (0.9996 * A)];
  let [xi1, eta1] = [xi, eta];
  beta.forEach((b, i) => {
    const k = 2 * (i + 1);
    xi1 -= b * Math.sin(k * xi) * Math.cosh(k * eta);
    eta1 -= b * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  const e = Math.sqrt(f * (2 - f));
  const tau1 = Math.sin(xi1) / Math.hypot(Math.sinh(eta1), Math.cos(xi1));
  // Newton's steps from the conformal to the geodetic latitude.
  let tau = tau1;
  for (let i = 0; i < 6; i++) {
    const sigma = Math.sinh(e * Math.atanh((e * tau) / Math.hypot(1, tau)));
    const t = tau * Math.hypot(1, sigma) - sigma * Math.hypot(1, tau);
    tau += (((tau1 - t) / Math.hypot(1, t)) * (1 + (1 - e * e) * tau * tau)) / ((1 - e * e) * Math.hypot(1, tau));
  }
  return [meridian + Math.atan2(Math.sinh(eta1), Math.cos(xi1)) * degrees, Math.atan(tau) * degrees];
}
