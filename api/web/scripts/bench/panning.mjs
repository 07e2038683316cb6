// What a picture of the moving map costs where no graphics card draws: the map
// is dragged by hand, one step a picture, with all of its layers and without some.
//
//     node scripts/bench/panning.mjs PROGRAM DATA [ROW…]
//     node scripts/bench/panning.mjs URL [ROW…]
//
// Prints a Markdown table; rows are chosen by their names. Of the times the
// first is by the clock, the others are of the processor, all processes of a kind.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { chromium } from '@playwright/test';
import { serve } from './serve.mjs';

const [where, ...rest] = process.argv.slice(2);
if (!where || (!where.startsWith('http') && !rest[0])) throw new Error('panning.mjs PROGRAM DATA [ROW…], or panning.mjs URL [ROW…]');
const served = where.startsWith('http') ? { url: where, stop: () => undefined } : await serve(where, rest.shift());
const chosen = rest;

const all = () => true;
/** the page's address, and which layers of the base map are drawn */
const rows = [
  { name: 'empty map', hash: 'gb=none&ly=none', keep: all },
  { name: 'base map', hash: 'ly=none', keep: all },
  { name: 'without land cover', hash: 'ly=none', keep: (l) => l.id !== 'base-landcover' },
  { name: 'without relief', hash: 'ly=none', keep: (l) => l.id !== 'base-relief' },
  { name: 'without lines', hash: 'ly=none', keep: (l) => l.type !== 'line' },
  { name: 'without names', hash: 'ly=none', keep: (l) => l.type !== 'symbol' },
  { name: 'base map and services', hash: '', keep: all },
];

const args = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
const whole = await browser.newBrowserCDPSession();

/** spent is the processor time of each kind of process, in ms: Linux counts it in hundredths of a second. */
async function spent() {
  const { processInfo } = await whole.send('SystemInfo.getProcessInfo');
  const out = { GPU: 0, renderer: 0 };
  for (const p of processInfo) {
    const fields = readFileSync(`/proc/${p.id}/stat`, 'utf8').split(') ')[1].split(' ');
    if (p.type in out) out[p.type] += (Number(fields[11]) + Number(fields[12])) * 10;
  }
  return out;
}

/** drag moves what is held along an eight and counts the pictures meanwhile. */
async function drag(page, from, steps, [x, y]) {
  await page.evaluate(() => {
    window.at_ = [];
    const look = (now) => {
      window.at_.push(now);
      window.looking_ = requestAnimationFrame(look);
    };
    window.looking_ = requestAnimationFrame(look);
  });
  for (let i = from; i < from + steps; i++) {
    const a = (i / 24) * 2 * Math.PI;
    await page.mouse.move(x + 160 * Math.sin(a), y + 110 * Math.sin(2 * a), { steps: 1 });
  }
  const at = await page.evaluate(() => {
    cancelAnimationFrame(window.looking_);
    return window.at_;
  });
  return at
    .slice(1)
    .map((t, i) => t - at[i])
    .sort((a, b) => a - b);
}

async function measure({ hash, keep }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'it-IT', reducedMotion: 'no-preference' });
  const page = await context.newPage();
  await page.addInitScript(() => localStorage.setItem('contado.tour', 'seen'));
  await page.route('**/styles/base*', async (route) => {
    const answer = await route.fetch();
    const doc = await answer.json();
    await route.fulfill({ response: answer, json: { ...doc, layers: doc.layers.filter(keep) } });
  });
  await page.goto(`${served.url}/#/places?lang=it&${hash}`);
  await page.locator('#map .maplibregl-map[data-drawn]').waitFor({ timeout: 60_000 });
  await page.waitForLoadState('networkidle');
  await page.locator('#map .maplibregl-map[data-drawn]').waitFor({ timeout: 60_000 });
  const box = await page.locator('#map canvas').first().boundingBox();
  const middle = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(...middle);
  await page.mouse.down();
  await drag(page, 0, 24, middle);
  const before = await spent();
  const between = await drag(page, 24, 72, middle);
  const after = await spent();
  await page.mouse.up();
  await context.close();
  const of = (q) => between[Math.floor(q * (between.length - 1))];
  const each = (kind) => (after[kind] - before[kind]) / between.length;
  return [of(0.5), of(0.95), each('GPU'), each('renderer')];
}

try {
  console.log('| drawn | ms between two pictures, median | p95 | processor ms a picture, drawing | the page |\n|---|---:|---:|---:|---:|');
  for (const row of rows.filter((r) => chosen.length === 0 || chosen.includes(r.name))) {
    console.log(`| ${row.name} | ${(await measure(row)).map((v) => v.toFixed(0)).join(' | ')} |`);
  }
} finally {
  await browser.close();
  await served.stop();
}
