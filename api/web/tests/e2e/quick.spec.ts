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

// How soon it can be used is measured by scripts/bench/firstview.mjs.
test('the first view is small, and does not wait for the map', async ({ page }) => {
  test.skip((await (await page.request.get(`${base()}/`)).text()).includes('/@vite/'), 'a development server compresses nothing');
  let total = 0;
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  const urls = new Map<string, string>();
  client.on('Network.responseReceived', (e) => urls.set(e.requestId, e.response.url));
  client.on('Network.loadingFinished', (e) => {
    const url = urls.get(e.requestId) ?? '';
    if (!/\/assets\/|\/$/.test(url.split('#')[0]!)) return;
    if (!/make-|maplibre/.test(url)) total += e.encodedDataLength;
  });
  // The code of the map is asked for once the panel has its figures, and not before.
  await page.addInitScript(() => {
    const w = window as unknown as { stood_: number };
    const look = new MutationObserver(() => {
      if (!document.querySelector('#panel .profile h3')) return;
      w.stood_ = performance.now();
      look.disconnect();
    });
    look.observe(document, { subtree: true, childList: true });
  });
  await page.goto(`${base()}/#/places?lang=it`);
  await drawn(page);
  const [stood, asked] = await page.evaluate(() => {
    const resources = performance.getEntriesByType('resource');
    const map = resources.filter((r) => /maplibre/.test(r.name)).map((r) => r.startTime);
    return [(window as unknown as { stood_: number }).stood_, Math.min(...map)] as const;
  });
  expect(stood).toBeGreaterThan(0);
  expect(asked).toBeGreaterThan(stood);
  // Each is asked for once: what was asked for ahead is what is used.
  const twice = await page.evaluate(() => {
    const names = performance.getEntriesByType('resource').map((r) => r.name);
    return names.filter((n, i) => /\/(collections|territories|profile)\b/.test(n) && names.indexOf(n) !== i);
  });
  expect(twice).toEqual([]);
  note('first-view', { bytes: total });
  expect(total).toBeLessThan(350 * 1024);
});

/** unlike is the share of the dots of the map, away from what lies over it, that differ visibly between two pictures of the page. */
async function unlike(page: Page, a: Buffer, b: Buffer): Promise<number> {
  const box = (await page.locator('#map canvas').first().boundingBox())!;
  const part = [Math.ceil(box.x) + 8, Math.ceil(box.y) + 8, Math.floor(box.width) - 80, Math.floor(box.height) - 70] as const;
  return page.evaluate(
    async ({ pictures, part }) => {
      const [one, other] = await Promise.all(
        pictures.map(async (text) => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const pen = new OffscreenCanvas(part[2], part[3]).getContext('2d')!;
          pen.drawImage(await createImageBitmap(new Blob([bytes])), -part[0], -part[1]);
          return pen.getImageData(0, 0, part[2], part[3]).data;
        }),
      );
      let n = 0;
      for (let i = 0; i < one!.length; i += 4) if (Math.max(...[0, 1, 2].map((k) => Math.abs(one![i + k]! - other![i + k]!))) > 32) n++;
      return n / (one!.length / 4);
    },
    { pictures: [a.toString('base64'), b.toString('base64')], part },
  );
}

/** drag moves the map by hand, from its middle and along an eight that takes twelve steps; it is not let go. */
async function drag(page: Page, steps: number, held = false): Promise<void> {
  const box = (await page.locator('#map canvas').first().boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  if (!held) {
    await page.mouse.move(x, y);
    await page.mouse.down();
  }
  for (let i = 1; i <= steps; i++) {
    const a = (i / 12) * 2 * Math.PI;
    await page.mouse.move(x + 120 * Math.sin(a), y + 90 * Math.sin(2 * a), { steps: 1 });
  }
}

test('moving the map causes no storm of requests, and it looks at rest as it did while it was held', async ({ page }) => {
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
  await page.mouse.up();
  await drawn(page);
  const frames = (await page.evaluate(() => (window as unknown as { frames_: number[] }).frames_)).sort((a, b) => a - b);
  const at = (q: number) => Math.round(frames[Math.floor(q * (frames.length - 1))]! * 10) / 10;
  note('panning', { frames: frames.length, medianMs: at(0.5), p95Ms: at(0.95), medianFps: Math.round(1000 / at(0.5)), requests: asked.size });
  // Where it moves as a picture of itself, that comes to be what is drawn at rest; and what was taken hold of stays below the pointer.
  const rest = await page.screenshot();
  const below = page.locator('#map .place.number').first();
  await drag(page, 0);
  const taken = await below.textContent();
  await drag(page, 10, true);
  await expect(below).toHaveText(taken!);
  expect(await unlike(page, rest, await page.screenshot())).toBeGreaterThan(0.02);
  await drag(page, 12, true);
  await expect.poll(async () => unlike(page, rest, await page.screenshot())).toBeLessThan(0.01);
  await expect(below).toHaveText(taken!);
  await page.mouse.up();
  await drawn(page);
  expect(await unlike(page, rest, await page.screenshot())).toBeLessThan(0.01);
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

/** recorder tells when the map has drawn last, and keeps its picture to be compared. */
function recorder(): void {
  const w = window as unknown as { lastPicture_: number };
  w.lastPicture_ = 0;
  const draw = Reflect.get(WebGL2RenderingContext.prototype, 'drawElements') as (...a: unknown[]) => void;
  WebGL2RenderingContext.prototype.drawElements = function (...a: unknown[]) {
    w.lastPicture_ = performance.now();
    draw.apply(this, a);
  };
  const get = Reflect.get(HTMLCanvasElement.prototype, 'getContext') as (kind: string, o?: object) => unknown;
  HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, o?: object) {
    return get.call(this, kind, kind === 'webgl2' ? { ...o, preserveDrawingBuffer: true } : o);
  } as typeof HTMLCanvasElement.prototype.getContext;
}

/**
 * answered waits until another sentence stands in the panel and nothing is asked for or drawn any more, and where
 * the map is to differ until it does, for some seconds at most; then it tells how long that took, and whether it differs.
 */
function answered(other: boolean): Promise<{ ms: number; differs: boolean }> {
  const w = window as unknown as { lastPicture_: number };
  const picture = (): string => {
    const small = document.createElement('canvas');
    [small.width, small.height] = [256, 256];
    const c = small.getContext('2d')!;
    c.drawImage(document.querySelector<HTMLCanvasElement>('#map canvas')!, 0, 0, 256, 256);
    return c.getImageData(0, 0, 256, 256).data.join();
  };
  const sentence = (): string => document.getElementById('coverage-headline')?.textContent ?? '';
  const busy = (): boolean => document.querySelector('.coverage [aria-busy=true], #map .maplibregl-map:not([data-drawn])') !== null;
  const [before, said, began] = [picture(), sentence(), performance.now()];
  const longest = other ? 20_000 : 500;
  let told = 0;
  let seen = -1;
  return new Promise((done) => {
    const look = (): void => {
      const now = performance.now();
      if (!told && sentence() !== said) told = now;
      if (!told || busy()) return void setTimeout(look, 10);
      // A picture is looked at once; it may have come with the sentence or before it.
      const differs = w.lastPicture_ !== seen && picture() !== before;
      seen = w.lastPicture_;
      if (differs || now - Math.max(told, seen) > longest) done({ ms: Math.max(told, seen) - began, differs });
      else setTimeout(look, 10);
    };
    look();
  });
}

test('the map recolours when the question changes', async ({ page }) => {
  test.setTimeout(300_000);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.addInitScript(recorder);
  await page.addInitScript(`window.answered_ = ${answered.toString()}`);
  const { code } = await anyTerritory(page);
  const took: Record<string, number[]> = {};
  const same: Record<string, number> = {};
  /** change makes a change, and waits for its answer in the panel and on the map. */
  const change = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    // What follows an answer has come, too: nothing else draws.
    await drawn(page, 'coverage');
    await page.evaluate(
      (other) => Object.assign(window, { answer_: (window as unknown as { answered_: typeof answered }).answered_(other) }),
      what !== 'people',
    );
    await act();
    const { ms, differs } = await page.evaluate(() => (window as unknown as { answer_: ReturnType<typeof answered> }).answer_);
    (took[what] ??= []).push(ms);
    if (!differs) same[what] = (same[what] ?? 0) + 1;
  };
  const choose = async (what: string, most = 4): Promise<void> => {
    const box = page.locator(`#coverage-${what}`);
    const values = await box
      .locator('option')
      .evaluateAll((all) => all.filter((o) => !(o as HTMLOptionElement).selected).map((o) => (o as HTMLOptionElement).value));
    for (const v of values.slice(0, most)) await change(what, () => box.selectOption(v));
  };
  const open = async (more: string): Promise<void> => {
    await openTask(page, 'it', 'coverage', `&t=${encodeURIComponent(code)}${more}`);
    await expect(page.locator('#coverage-headline strong')).toBeVisible({ timeout: 60_000 });
  };
  // Of whom the people are counts on the map only where it shows shares.
  await open('&w=areas&n=10');
  await choose('people');
  await open('');
  await choose('service');
  await choose('profile');
  for (let i = 0; i < 8; i++) await change('minutes', () => page.locator('#coverage-minutes').press(i < 3 || i > 6 ? 'ArrowRight' : 'ArrowLeft'));
  const middle = (list: number[]): number => Math.round(list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!);
  const figures = Object.entries(took).map(([k, v]) => [
    k,
    { medianMs: middle(v), mostMs: Math.round(Math.max(...v)), changes: v.length, sameColours: same[k] ?? 0 },
  ]);
  note('recolour', Object.fromEntries(figures));
  // Another service, way or limit is another map.
  expect({ ...same, people: 0 }).toEqual({ people: 0 });
  expect(Object.keys(took).sort()).toEqual(['minutes', 'people', 'profile', 'service']);
});
