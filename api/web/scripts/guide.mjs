// Takes the pictures of the user guide from a running page:
//   CONTADO_URL=http://127.0.0.1:8080 node scripts/guide.mjs [places map …]
// The server should hold the demonstration territory with a kept report.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const base = (process.env.CONTADO_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const folder = fileURLToPath(new URL('../../../docs/guide/pictures/', import.meta.url));
const size = { width: 1100, height: 720 };
const flags = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic'];
const wanted = process.argv.slice(2);

/** lowest is a territory without others in it, and the one that contains all. */
async function territories() {
  const ask = async (q) => (await (await fetch(`${base}/territories${q}`, { headers: { Accept: 'application/json' } })).json()).territories;
  let one = (await ask(''))[0];
  const root = one.code;
  while (one?.children_count) one = (await ask(`?parent=${encodeURIComponent(one.code)}`))[0];
  return { root, leaf: one.code };
}

const { root, leaf } = await territories();
const pages = { places: leaf, map: root, area: leaf, coverage: root, reports: root, data: root };

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
for (const lang of ['it', 'en']) {
  const context = await browser.newContext({ viewport: size, locale: lang === 'it' ? 'it-IT' : 'en-GB', reducedMotion: 'reduce' });
  await context.addInitScript(() => localStorage.setItem('contado.tour', 'seen'));
  for (const [name, code] of Object.entries(pages)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(`${base}/#/${name}?t=${encodeURIComponent(code)}&lang=${lang}`, { timeout: 180_000 });
    await page.locator('#panel :is(h2, h3)').first().waitFor();
    await page.waitForLoadState('networkidle').catch(() => undefined);
    // The map and pictures go on drawing when all requests are answered.
    await page.waitForTimeout(Number(process.env.CONTADO_PAUSE ?? 6000));
    await page.waitForLoadState('networkidle').catch(() => undefined);
    const client = await context.newCDPSession(page);
    const { data } = await client.send('Page.captureScreenshot', { format: 'webp', quality: 72 });
    const file = `${folder}${name}.${lang}.webp`;
    const bytes = Buffer.from(data, 'base64');
    writeFileSync(file, bytes);
    console.log(`${file} ${bytes.length} bytes`);
    await page.close();
  }
  await context.close();
}
await browser.close();
