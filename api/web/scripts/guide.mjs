// Takes the pictures of the user guide from a running page:
//   CONTADO_URL=http://127.0.0.1:8080 node scripts/guide.mjs [places map …]
// The server should hold the demonstration territory with a kept report, and
// take uploads (contado serve --upload).
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const base = (process.env.CONTADO_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const folder = fileURLToPath(new URL('../../../docs/guide/pictures/', import.meta.url));
const size = { width: 1100, height: 720 };
const flags = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic'];
const wanted = process.argv.slice(2);
const ask = async (path) => (await fetch(`${base}${path}`, { headers: { Accept: 'application/json' } })).json();

/** territories are one without others in it, and the one that contains all. */
async function territories() {
  const list = async (q) => (await ask(`/territories${q}`)).territories;
  let one = (await list(''))[0];
  const root = one.code;
  while (one?.children_count) one = (await list(`?parent=${encodeURIComponent(one.code)}`))[0];
  return { root, leaf: one.code };
}

/** upload sends a table with a few odd rows, so that there is something to see. */
async function upload(page) {
  const rows = [
    'nome;lat;lon;telefono',
    'Farmacia Al Ponte;45,9721;9,7052;0345 100',
    'Farmacia Centrale;45,9814;9,7423;0345 200',
    'Farmacia del Lago;;;0345 300',
  ];
  await page.setInputFiles('#data-files', { name: 'farmacie.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
  // The button comes with the files.
  await page.waitForTimeout(1500);
  await page.locator('#panel .btn-primary').last().click();
  await page.locator('#panel form').first().waitFor();
}

/** askArea takes the territory that is chosen as the area, and waits for answers. */
async function askArea(page) {
  const use = page.locator('#panel .start .btn-primary').first();
  await use.click();
  await page
    .locator('#panel table')
    .first()
    .waitFor({ timeout: 60_000 })
    .catch(() => undefined);
}

/** computed waits until the times are computed. */
const computed = (page) =>
  page
    .locator('#panel .headline, #panel .big')
    .first()
    .waitFor({ timeout: 90_000 })
    .catch(() => undefined);

/** discard takes the upload away again. */
const discard = (page) => page.locator('#panel .buttons .btn-outline-primary').last().click();

const { root, leaf } = await territories();
const report = (await ask('/reports?limit=1')).reports[0];
const pages = [
  { name: 'places', at: `/places?t=${leaf}` },
  { name: 'map', at: `/map?t=${root}` },
  { name: 'area', at: `/area?t=${leaf}`, before: askArea },
  { name: 'coverage', at: `/coverage?t=${root}`, before: computed },
  { name: 'reports', at: `/reports?t=${root}` },
  { name: 'report', at: `/reports?t=${root}&r=${encodeURIComponent(report?.id ?? '')}`, skip: !report },
  { name: 'data', at: `/data?t=${root}` },
  { name: 'upload', at: `/data?t=${root}&new=1`, before: upload, after: discard },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
for (const lang of ['it', 'en']) {
  const context = await browser.newContext({ viewport: size, locale: lang === 'it' ? 'it-IT' : 'en-GB', reducedMotion: 'reduce' });
  await context.addInitScript(() => localStorage.setItem('contado.tour', 'seen'));
  for (const p of pages) {
    if (p.skip || (wanted.length > 0 && !wanted.includes(p.name))) continue;
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(`${base}/#${p.at}&lang=${lang}`, { timeout: 180_000 });
    await page.locator('#panel :is(h2, h3)').first().waitFor();
    await page.waitForLoadState('networkidle', { timeout: 12_000 }).catch(() => undefined);
    await p.before?.(page);
    // The map and pictures go on drawing when all requests are answered.
    await page.waitForTimeout(Number(process.env.CONTADO_PAUSE ?? 6000));
    await page.waitForLoadState('networkidle', { timeout: 12_000 }).catch(() => undefined);
    const client = await context.newCDPSession(page);
    const { data } = await client.send('Page.captureScreenshot', { format: 'webp', quality: 72 });
    const file = `${folder}${p.name}.${lang}.webp`;
    const bytes = Buffer.from(data, 'base64');
    writeFileSync(file, bytes);
    console.log(`${file} ${bytes.length} bytes`);
    await p.after?.(page);
    await page.close();
  }
  await context.close();
}
await browser.close();
