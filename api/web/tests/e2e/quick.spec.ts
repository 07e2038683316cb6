// What the page costs: how much it loads, what it asks for, what it keeps in
// memory, how the map moves. Times are written down, never asserted.
import { writeFileSync } from 'node:fs';
import { anyTerritory, base, drawn, expect, openTask, still, test } from './page';
import type { CDPSession, Page } from '@playwright/test';

test.use({ reducedMotion: 'no-preference' });

function note(name: string, value: unknown): void {
  test.info().annotations.push({ type: name, description: JSON.stringify(value) });
  writeFileSync(`test-results/quick-${name}.json`, `${JSON.stringify(value, null, 2)}\n`);
}

test('the first view is small', async ({ page }) => {
  test.skip((await (await page.request.get(`${base()}/`)).text()).includes('/@vite/'), 'a development server compresses nothing');
  let total = 0;
  let map = 0;
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  const urls = new Map<string, string>();
  client.on('Network.responseReceived', (e) => urls.set(e.requestId, e.response.url));
  client.on('Network.loadingFinished', (e) => {
    const url = urls.get(e.requestId) ?? '';
    if (!/\/assets\/|\/$/.test(url.split('#')[0]!)) return;
    if (/make-|maplibre/.test(url)) map += e.encodedDataLength;
    else total += e.encodedDataLength;
  });
  const started = Date.now();
  await page.goto(`${base()}/#/places?lang=it`);
  await page.getByRole('combobox').first().waitFor();
  await page.locator('#panel h2').first().waitFor();
  const seen = Date.now() - started;
  await drawn(page);
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null);
  note('first-view', { bytes: total, mapBytes: map, interactiveMs: seen, firstContentfulPaintMs: paint });
  expect(total).toBeLessThan(350 * 1024);
});

/** drag moves the map by hand, back and forth. */
async function drag(page: Page, times: number): Promise<void> {
  const box = (await page.locator('#map canvas').first().boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let i = 0; i < times; i++) {
    const a = (i / 12) * 2 * Math.PI;
    await page.mouse.move(x + 120 * Math.sin(a), y + 90 * Math.sin(2 * a), { steps: 1 });
  }
  await page.mouse.up();
}

test('moving the map causes no storm of requests', async ({ page }) => {
  test.setTimeout(300_000);
  await page.setViewportSize({ width: 1280, height: 800 });
  await openTask(page, 'it', 'places');
  await drawn(page);
  const asked = new Map<string, number>();
  page.on('request', (r) => asked.set(r.url(), (asked.get(r.url()) ?? 0) + 1));
  await page.evaluate(() => {
    const w = window as unknown as { frames_: number[] };
    w.frames_ = [];
    let last = performance.now();
    const tick = (now: number): void => {
      w.frames_.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await drag(page, 20);
  await drawn(page);
  const frames = (await page.evaluate(() => (window as unknown as { frames_: number[] }).frames_)).sort((a, b) => a - b);
  const at = (q: number) => Math.round(frames[Math.floor(q * (frames.length - 1))]! * 10) / 10;
  note('panning', { frames: frames.length, medianMs: at(0.5), p95Ms: at(0.95), medianFps: Math.round(1000 / at(0.5)), requests: asked.size });
  const again = [...asked].filter(([, n]) => n > 2).map(([u, n]) => `${n} × ${u}`);
  expect(again).toEqual([]);
  const calls = [...asked.keys()].filter((u) => !/\.(mvt|pbf|png|jpg|webp)(\?|$)/.test(u));
  expect(calls.length, calls.join('\n')).toBeLessThan(12);
});

test('typing asks once for what was typed', async ({ page }) => {
  await openTask(page, 'it', 'places');
  const asked: string[] = [];
  page.on('request', (r) => /\/(places|territories)\?/.test(r.url()) && asked.push(r.url()));
  const { leaf } = await anyTerritory(page);
  const box = page.getByRole('combobox').first();
  await box.focus();
  await still(page);
  asked.length = 0;
  // Letter by letter, without a pause that a busy machine could make long.
  await box.evaluate((e: HTMLInputElement, text) => {
    for (let n = 1; n <= text.length; n++) {
      e.value = text.slice(0, n);
      e.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
  }, leaf);
  await expect(page.getByRole('option').filter({ hasText: leaf }).first()).toBeVisible();
  await still(page);
  expect(asked.length, asked.join('\n')).toBe(1);
});

async function heap(client: CDPSession): Promise<{ heap: number; nodes: number; listeners: number }> {
  for (let i = 0; i < 3; i++) await client.send('HeapProfiler.collectGarbage');
  const { usedSize } = await client.send('Runtime.getHeapUsage');
  const { metrics } = await client.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((m) => m.name === name)?.value ?? 0;
  return { heap: usedSize, nodes: value('Nodes'), listeners: value('JSEventListeners') };
}

test('memory stays as it is over 200 interactions', async ({ page }) => {
  test.setTimeout(600_000);
  await page.setViewportSize({ width: 1280, height: 800 });
  const { code } = await anyTerritory(page);
  const list = (await (await page.request.get(`${base()}/territories?level=municipality&limit=8`)).json()) as { territories: { code: string }[] };
  const codes = [code, ...list.territories.map((t) => t.code)];
  await openTask(page, 'it', 'places', `&t=${encodeURIComponent(code)}`);
  await drawn(page);
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable');
  const tasks = ['places', 'map', 'area', 'coverage', 'reports', 'data'];
  let n = 0;
  const interact = async (): Promise<void> => {
    const i = n++;
    if (i % 2 === 0)
      await page
        .locator('#tasks a')
        .nth((i / 2) % tasks.length)
        .dispatchEvent('click');
    else {
      const task = tasks[((i - 1) / 2) % tasks.length];
      const t = codes[Math.floor(i / 3) % codes.length]!;
      await page.evaluate((hash) => (location.hash = hash), `#/${task}?t=${encodeURIComponent(t)}&lang=${i % 4 === 1 ? 'it' : 'en'}`);
    }
    await page.waitForTimeout(60);
  };
  for (let i = 0; i < 60; i++) await interact();
  await page.waitForLoadState('networkidle');
  const before = await heap(client);
  for (let i = 0; i < 200; i++) await interact();
  await page.waitForLoadState('networkidle');
  const after = await heap(client);
  note('memory', { before, after });
  expect(after.heap).toBeLessThan(before.heap * 1.25 + 4e6);
  expect(after.nodes).toBeLessThan(before.nodes * 1.5 + 2000);
  expect(after.listeners).toBeLessThan(before.listeners * 1.5 + 300);
});

test('the map recolours when the question changes', async ({ page }) => {
  test.setTimeout(300_000);
  await page.setViewportSize({ width: 1280, height: 800 });
  const { code } = await anyTerritory(page);
  await openTask(page, 'it', 'coverage', `&t=${encodeURIComponent(code)}`);
  await expect(page.locator('#coverage-headline strong')).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('.coverage .loading')).toHaveCount(0, { timeout: 60_000 });
  await drawn(page, 'coverage');
  const took: Record<string, number[]> = {};
  /** change makes a change and counts until the new answer is there and the map has drawn it. */
  const change = async (what: string, by: (to: string) => Promise<unknown>, to: string): Promise<void> => {
    await page.evaluate(() => {
      const w = window as unknown as { settled_: Promise<number> };
      const began = performance.now();
      const busy = () => document.querySelector('.coverage [aria-busy=true], #map .maplibregl-map:not([data-drawn])') !== null;
      w.settled_ = new Promise((done) => {
        let since = began;
        const look = (): void => {
          const now = performance.now();
          if (busy()) since = now;
          // A question is asked a moment after the last change of it.
          if (now - since > 300) done(since - began);
          else setTimeout(look, 10);
        };
        look();
      });
    });
    await by(to);
    (took[what] ??= []).push(await page.evaluate(() => (window as unknown as { settled_: Promise<number> }).settled_));
  };
  const options = async (id: string): Promise<string[]> =>
    (await page.locator(`${id} option`).evaluateAll((all) => all.map((o) => (o as HTMLOptionElement).value))).slice(0, 4);
  for (const id of ['people', 'service', 'profile']) {
    for (const value of (await options(`#coverage-${id}`)).reverse()) await change(id, (v) => page.locator(`#coverage-${id}`).selectOption(v), value);
  }
  for (let i = 0; i < 8; i++) await change('minutes', (k) => page.locator('#coverage-minutes').press(k), i < 3 || i > 6 ? 'ArrowRight' : 'ArrowLeft');
  const middle = (list: number[]): number => Math.round(list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!);
  const all = Object.values(took).flat();
  note('recolour', { changes: all.length, p50Ms: middle(all), ...Object.fromEntries(Object.entries(took).map(([k, v]) => [k, middle(v)])) });
  expect(all.length).toBeGreaterThanOrEqual(20);
});
