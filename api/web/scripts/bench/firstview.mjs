// How soon the page can be used at the first visit: from the start of the
// navigation until the panel has its figures and a key pressed in the search is
// answered on the screen. Measured within the page; each first visit has a server
// process and a browser of its own, the further ones a context of their own.
//   node scripts/bench/firstview.mjs PROGRAM DATA [--runs 7] [--views it/desktop,it/phone] [--json FILE] [--trace FILE]
// Prints a table in Markdown. Nothing is asserted but that the page comes up.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { serve } from './serve.mjs';

// As Chromium starts where there is no graphics card: it puts pages together by itself, and WebGL is SwiftShader's.
// With --use-gl=angle --use-angle=swiftshader it does the former in WebGL, too: then the first picture of a new browser is late, whatever the page.
const flags = ['--no-sandbox', '--enable-unsafe-swiftshader', '--disable-quic', '--no-first-run'];
const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
const sizes = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

const { values: o, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '7' },
    views: { type: 'string', default: 'it/desktop,it/phone' },
    json: { type: 'string' },
    trace: { type: 'string' },
  },
});
const [program, data] = positionals;
if (!program || !data) throw new Error('firstview.mjs PROGRAM DATA [--runs N] [--views it/desktop,…] [--json FILE]');

/** watch runs within the page before anything of it does. */
function watch() {
  const w = { tasks: [], shifts: [], keys: [], lcp: 0, stands: 0, waiting: 0 };
  window.firstView_ = w;
  const each = (type, act) => new PerformanceObserver((list) => list.getEntries().forEach(act)).observe({ type, buffered: true });
  each('longtask', (e) => w.tasks.push([e.startTime, e.duration]));
  each('layout-shift', (e) => {
    const sources = e.sources.map((s) => [
      s.node?.id || s.node?.className?.baseVal || s.node?.className || s.node?.nodeName,
      s.previousRect.toJSON(),
      s.currentRect.toJSON(),
    ]);
    if (!e.hadRecentInput) w.shifts.push({ at: e.startTime, value: e.value, sources });
  });
  each('largest-contentful-paint', (e) => (w.lcp = e.startTime));
  // What was drawn is there when the task after the picture runs.
  const painted = (act) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => act(performance.now());
      port2.postMessage(0);
    });
  addEventListener(
    'input',
    (e) => {
      const pressed = w.waiting || e.timeStamp;
      w.waiting = 0;
      painted((now) => w.keys.push({ pressed, now, text: e.target.value }));
    },
    true,
  );
  addEventListener('keydown', (e) => (w.waiting = e.timeStamp), true);
  const look = new MutationObserver(() => {
    const panel = document.getElementById('panel');
    const search = document.querySelector('input[role=combobox]');
    if (!panel || !search || panel.querySelector('.loading') || !panel.querySelector('.profile h3')) return;
    look.disconnect();
    w.stands = performance.now();
    search.focus({ preventScroll: true });
    window.firstViewStands_();
  });
  look.observe(document, { subtree: true, childList: true, attributes: true });
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** visit opens the page in a context of its own and tells what it saw. */
async function visit(browser, url, view) {
  const [lang, size] = view.split('/');
  const context = await browser.newContext({ ...sizes[size], locale: lang === 'it' ? 'it-IT' : 'en-GB' });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  const bytes = { all: 0, map: 0, requests: 0 };
  const names = new Map();
  let stood = false;
  cdp.on('Network.responseReceived', (e) => names.set(e.requestId, e.response.url));
  cdp.on('Network.loadingFinished', (e) => {
    if (stood) return;
    bytes.requests++;
    bytes[/make-|maplibre/.test(names.get(e.requestId) ?? '') ? 'map' : 'all'] += e.encodedDataLength;
  });
  const key = { type: 'keyDown', key: 'c', code: 'KeyC', text: 'c', windowsVirtualKeyCode: 67 };
  const press = () => Promise.all([cdp.send('Input.dispatchKeyEvent', key), cdp.send('Input.dispatchKeyEvent', { ...key, type: 'keyUp', text: '' })]);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  let stands;
  const standing = new Promise((resolve) => (stands = resolve));
  await page.exposeBinding('firstViewStands_', () => {
    stood = true;
    stands(press());
  });
  await page.addInitScript(watch);
  if (o.trace)
    await browser.startTracing(page, {
      categories: ['devtools.timeline', 'disabled-by-default-v8.cpu_profiler', 'loading', 'blink.user_timing', 'v8.execute', 'toplevel', 'v8'],
    });
  await page.goto(`${url}/`, { waitUntil: 'commit' });
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('the panel did not come')), 30_000).unref());
  await Promise.race([standing, late]);
  const { metrics } = await cdp.send('Performance.getMetrics');
  const worked = 1000 * metrics.find((m) => m.name === 'TaskDuration').value;
  // Who types on while the map starts waits for it.
  const drawn = page.waitForSelector('#map [data-drawn]', { state: 'attached', timeout: 60_000 }).then(() => page.evaluate(() => performance.now()));
  let done = false;
  const drawnAt = drawn.then((at) => ((done = true), at));
  while (!done) {
    await sleep(200);
    await press();
  }
  await sleep(300);
  const seen = await page.evaluate(() => {
    const nav = performance.getEntriesByType('navigation')[0];
    const fcp = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
    const resources = performance
      .getEntriesByType('resource')
      .map((r) => [r.name.replace(location.origin, ''), r.startTime, r.requestStart, r.responseEnd, r.transferSize]);
    return { ...window.firstView_, html: nav.responseEnd, load: nav.loadEventEnd, fcp, resources };
  });
  if (o.trace) writeFileSync(o.trace, await browser.stopTracing());
  await context.close();
  const [first, ...more] = seen.keys;
  if (!first?.text) throw new Error('the key pressed in the search did not come');
  const before = seen.tasks.filter(([at]) => at < first.now);
  return {
    ...seen,
    bytes,
    worked,
    interactive: first.now,
    answer: first.now - first.pressed,
    blocked: before.reduce((sum, [, took]) => sum + Math.max(0, took - 50), 0),
    longest: Math.max(0, ...before.map(([, took]) => took)),
    later: Math.max(0, ...more.map((k) => k.now - k.pressed)),
    cls: worstWindow(seen.shifts),
    drawn: await drawnAt,
  };
}

/** worstWindow adds up shifts as Core Web Vitals do: within five seconds, with less than one between two. */
function worstWindow(shifts) {
  let [worst, sum, first, last] = [0, 0, -Infinity, -Infinity];
  for (const { at, value } of shifts) {
    if (at - last > 1000 || at - first > 5000) [sum, first] = [0, at];
    [sum, last] = [sum + value, at];
    worst = Math.max(worst, sum);
  }
  return worst;
}

const columns = {
  'first paint': (v) => v.fcp,
  'largest paint': (v) => v.lcp,
  'panel stands': (v) => v.stands,
  'key answered': (v) => v.interactive,
  'main thread worked': (v) => v.worked,
  blocked: (v) => v.blocked,
  'longest task': (v) => v.longest,
  'map drawn': (v) => v.drawn,
  'slowest key until then': (v) => v.later,
};

function row(name, visits) {
  const cells = Object.values(columns).map((of) => {
    const sorted = visits.map(of).sort((a, b) => a - b);
    return `${Math.round(sorted[Math.floor(sorted.length / 2)])} (${Math.round(sorted.at(-1))})`;
  });
  const most = (of) => Math.max(...visits.map(of));
  console.log(`| ${name} | ${cells.join(' | ')} | ${most((v) => v.cls).toFixed(3)} | ${Math.round(most((v) => v.bytes.all) / 1024)} |`);
}

const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...flags, ...quiet] });
const runs = Number(o.runs);
const all = {};
console.log(`| ms, median (worst) of ${runs} | ${Object.keys(columns).join(' | ')} | shift | KiB |`);
console.log(`|---|${'---:|'.repeat(Object.keys(columns).length + 2)}`);
for (const view of o.views.split(',')) {
  const [cold, warm] = [[], []];
  for (let i = 0; i < runs; i++) {
    const [server, browser] = [await serve(program, data), await launch()];
    try {
      cold.push(await visit(browser, server.url, view));
      if (!o.trace) warm.push(await visit(browser, server.url, view));
    } finally {
      await browser.close();
      await server.stop();
    }
  }
  row(`${view}, fresh server and browser`, cold);
  if (warm.length > 0) row(`${view}, the next visitor`, warm);
  all[view] = { cold, warm };
}
if (o.json) writeFileSync(o.json, JSON.stringify(all, null, 1));
