// What the page says when there is nothing, or when something goes wrong.
import { anyTerritory, base, choose, expect, open, openTask, overflow, shot, test, violations } from './page';

test('an empty catalog says how to begin', async ({ page }) => {
  await page.route('**/collections?f=json', (r) => r.fulfill({ json: { collections: [], links: [] } }));
  await page.goto(`${base()}/#lang=it`);
  await expect(page.getByRole('heading', { name: 'Il catalogo è vuoto' })).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await shot(page, 'state-empty');
});

test('a catalog that fails shows the problem, and tries again', async ({ page, watch }) => {
  watch.allow(/503/);
  let broken = true;
  await page.route('**/collections?f=json', (r) =>
    broken
      ? r.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          json: { type: 'about:blank', title: 'Service Unavailable', status: 503, detail: 'the catalog is locked', hint: 'wait a moment' },
        })
      : r.continue(),
  );
  await page.goto(`${base()}/#lang=it`);
  const card = page.getByRole('alert');
  await expect(card).toContainText('Il server è occupato');
  await expect(card).toContainText('the catalog is locked');
  await expect(card).toContainText('wait a moment');
  expect(await violations(page)).toEqual([]);
  await shot(page, 'state-error');
  broken = false;
  await card.getByRole('button', { name: 'Riprova' }).click();
  await expect(page.locator('#panel')).toBeVisible();
});

test('a silent server is told apart', async ({ page, watch }) => {
  watch.allow(/ERR_FAILED|Failed to load/);
  await page.route('**/collections?f=json', (r) => r.abort());
  await page.goto(`${base()}/#lang=en`);
  await expect(page.getByRole('alert')).toContainText('The server does not answer');
});

test('a long computation shows its progress and can be given up', async ({ page, watch }) => {
  watch.allow(/Failed to load resource/);
  let dismissed = false;
  await page.route('**/processes/*/execution', (r) =>
    r.fulfill({ status: 201, json: { jobID: 'slow', status: 'accepted' }, headers: { Location: '/jobs/slow' } }),
  );
  await page.route('**/jobs/slow', (r) => {
    if (r.request().method() === 'DELETE') dismissed = true;
    return r.fulfill({ json: { jobID: 'slow', status: 'running', progress: 42 } });
  });
  const { code } = await anyTerritory(page);
  await openTask(page, 'it', 'coverage', `&t=${encodeURIComponent(code)}`);
  const bar = page.getByRole('progressbar').first();
  await expect(bar).toHaveAttribute('value', '42');
  expect(await violations(page)).toEqual([]);
  await shot(page, 'state-running');
  await page.getByRole('button', { name: 'Annulla' }).first().click();
  await expect.poll(() => dismissed).toBe(true);
  await expect(bar).toHaveCount(0);
});

test('a profile with gaps in the data says so', async ({ page }) => {
  const { root, code } = await anyTerritory(page);
  await page.route('**/profile', (r) =>
    r.fulfill({
      json: {
        territory: { code, name: root },
        area_km2: 12.3,
        population: null,
        elevation: null,
        landcover: null,
        services: [],
        snai_official: null,
        neighbours: [],
        population_dates: [],
        landcover_dates: [],
        data: [],
        inputs: [],
        notices: [],
        links: [],
      },
    }),
  );
  await open(page, 'it', `&t=${encodeURIComponent(code)}`);
  await expect(page.getByText('Nessun dato nel catalogo')).toHaveCount(2);
  await expect(page.getByText('12,3\u00a0km²')).toBeVisible();
});

test('without WebGL the rest works', async ({ page, watch }) => {
  watch.allow(/WebGL/i);
  await page.addInitScript(() => {
    HTMLCanvasElement.prototype.getContext = () => null;
  });
  await open(page, 'it');
  await expect(page.getByText('La carta non si può disegnare')).toBeVisible();
  const { root } = await anyTerritory(page);
  await choose(page, root);
  await expect(page.locator('.profile')).toBeVisible();
});

for (const [size, lang] of [
  [{ width: 1280, height: 800 }, 'en'],
  [{ width: 390, height: 844 }, 'it'],
] as const) {
  test(`each task says what is wrong when the server breaks, ${size.width}, ${lang}`, async ({ page, watch }) => {
    watch.allow(/Failed to load resource|ERR_FAILED/);
    test.setTimeout(120_000);
    await page.setViewportSize(size);
    const { code } = await anyTerritory(page);
    await openTask(page, lang, 'data');
    const words =
      lang === 'it'
        ? { busy: 'Il server è occupato', silent: 'Il server non risponde' }
        : { busy: 'The server is busy', silent: 'The server does not answer' };
    const busy = {
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Service Unavailable', status: 503, detail: 'busy' }),
    };
    const wrong = async (task: string, rest: string, part: RegExp, text: string, how: 'busy' | 'silent'): Promise<void> => {
      await page.route(part, (r) => (how === 'busy' ? r.fulfill(busy) : r.abort()));
      await page.evaluate((hash) => (location.hash = hash), `#/${task}?lang=${lang}${rest}`);
      await expect(page.locator('#panel').getByRole('alert').first()).toContainText(text);
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await shot(page, `state-${task}-${how}-${size.width}-${lang}`);
      await page.unroute(part);
    };
    await wrong('data', '&d=pharmacy', /\/collections\/pharmacy(\?|$)/, words.busy, 'busy');
    await wrong('reports', '', /\/reports\?/, words.silent, 'silent');
    await wrong('coverage', `&t=${encodeURIComponent(code)}`, /\/coverage-explore\/execution/, words.busy, 'busy');
    // And it goes on from there.
    await page.locator('#panel').getByRole('alert').getByRole('button').first().click();
    await expect(page.locator('#coverage-headline strong')).toBeVisible({ timeout: 60_000 });
  });
}
