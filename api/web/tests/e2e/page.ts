// What the tests share: a server for each worker, an open page that tolerates
// no error and no request to anywhere else, and the accessibility check.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test as plain, expect, type Page, type Request } from '@playwright/test';
import { serve } from './serve';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const base = () => process.env.CONTADO_E2E_URL ?? '';

/** ours tells addresses of this server; what the page made itself leaves the machine no more than they do. */
const ours = (url: string) => url.startsWith(`${base()}/`) || url.startsWith(`blob:${base()}/`) || url.startsWith('data:');

interface Watch {
  errors: string[];
  outside: string[];
  /** console messages that a test means to cause */
  allow: (pattern: RegExp) => void;
}

/** Traffic is what a page has asked this server for and not got yet. */
class Traffic {
  private open = new Set<Request>();
  private since = Date.now();

  constructor(page: Page) {
    page.on('request', (r) => {
      // What the page before had asked for comes no more.
      if (r.isNavigationRequest() && r.frame() === page.mainFrame()) this.open.clear();
      // Nobody waits for the answer to a job that is given up.
      if (r.url().startsWith(`${base()}/`) && r.method() !== 'DELETE') this.change(() => this.open.add(r));
    });
    const done = (r: Request) => this.change(() => this.open.delete(r));
    page.on('requestfinished', done);
    page.on('requestfailed', done);
  }

  private change(act: () => void): void {
    act();
    this.since = Date.now();
  }

  /** still tells whether nothing is on its way, and has not been for a while. */
  still(): boolean {
    return this.open.size === 0 && Date.now() - this.since >= 250;
  }

  toString(): string {
    return [...this.open].map((r) => r.url()).join('\n');
  }
}

const traffics = new WeakMap<Page, Traffic>();

export const test = plain.extend<{ watch: Watch; firstVisit: boolean }, { server: string }>({
  /** a server and data of this worker's own: what other tests make meanwhile is not seen */
  server: [
    async ({}, use) => {
      const s = await serve();
      process.env.CONTADO_E2E_URL = s.url;
      await use(s.url);
      await s.stop();
    },
    { auto: true, scope: 'worker', timeout: 120_000 },
  ],
  /** whether the guided tour is offered, which lies over the page */
  firstVisit: [false, { option: true }],
  watch: [
    async ({ page, firstVisit }, use) => {
      if (!firstVisit) await page.addInitScript(() => location.protocol.startsWith('http') && localStorage.setItem('contado.tour', 'seen'));
      const allowed: RegExp[] = [];
      const w: Watch = { errors: [], outside: [], allow: (p) => void allowed.push(p) };
      traffics.set(page, new Traffic(page));
      page.on('pageerror', (e) => w.errors.push(e.message));
      page.on('console', (m) => m.type() === 'error' && w.errors.push(m.text()));
      page.on('request', (r) => !ours(r.url()) && w.outside.push(r.url()));
      await use(w);
      expect(w.outside, 'requests to other places').toEqual([]);
      expect(
        w.errors.filter((e) => !allowed.some((p) => p.test(e))),
        'errors in the console',
      ).toEqual([]);
    },
    { auto: true },
  ],
});

export async function open(page: Page, lang: 'it' | 'en', rest = ''): Promise<void> {
  // Only the part after # may differ, which alone would load nothing.
  await page.goto('about:blank');
  await page.goto(`${base()}/#lang=${lang}${rest}`);
  await expect(page.locator('#panel')).toBeVisible();
}

/** openTask opens a task by its address and waits until it shows what it has. */
export async function openTask(page: Page, lang: 'it' | 'en', task: string, rest = ''): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${base()}/#/${task}?lang=${lang}${rest}`);
  await opened(page, task);
}

/** turnTo goes to a task by its address in the page that is open, as a link does. */
export async function turnTo(page: Page, lang: 'it' | 'en', task: string, rest = ''): Promise<void> {
  await page.evaluate((hash) => (location.hash = hash), `#/${task}?lang=${lang}${rest}`);
  await opened(page, task);
}

async function opened(page: Page, task: string): Promise<void> {
  await expect(page.locator(`#panel.task-${task}`)).toBeVisible();
  await expect(page.locator('#panel h2').first()).toBeVisible();
  await expect(page.locator('#panel .loading')).toHaveCount(0, { timeout: 60_000 });
}

/** choose picks a territory by typing its name. */
export async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('combobox').first().fill(name);
  await page.getByRole('option').filter({ hasText: name }).first().click();
  await expect(page.locator('#panel h2')).toHaveText(name);
}

/** whole is the name of the territory that contains the others, or of the first one. */
export async function anyTerritory(page: Page): Promise<{ root: string; leaf: string; code: string }> {
  const get = async (path: string) =>
    (await (await page.request.get(`${base()}${path}`)).json()) as { territories: { code: string; name: string; children_count: number }[] };
  const root = (await get('/territories')).territories[0]!;
  let leaf = root;
  while (leaf.children_count) leaf = (await get(`/territories?parent=${encodeURIComponent(leaf.code)}`)).territories[0]!;
  return { root: root.name, leaf: leaf.name, code: root.code };
}

/** still waits until the page has asked for all that it wants, and has it. */
export async function still(page: Page): Promise<void> {
  const t = traffics.get(page)!;
  await expect.poll(() => t.still() || `on its way:\n${t}`, { intervals: [50], timeout: 60_000 }).toBe(true);
}

/** drawn waits until the page has all that it wants, and the map, where there is one, has drawn it. */
export async function drawn(page: Page, task = ''): Promise<void> {
  if (['reports', 'data', 'about'].includes(task)) return still(page);
  await expect(page.locator('#map canvas').first()).toBeVisible();
  await still(page);
  await expect(page.locator('#map .maplibregl-map:not([data-drawn])')).toHaveCount(0, { timeout: 60_000 });
}

export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run: (c: Document, o: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> };
    };
    // A colour on its way to another is neither.
    const moving = document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(moving.map((a) => a.finished));
    const r = await axe.run(document, { resultTypes: ['violations'] });
    return r.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 200)} ${n.failureSummary ?? ''}`));
  });
}

export async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/${name}.png` });
}

/** overflow is how many pixels the page is wider than the window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

export { expect };
