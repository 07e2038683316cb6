// By bus and on foot: the timetable of the demonstration is ridden, and one
// more is uploaded.
import type { APIRequestContext } from '@playwright/test';
import { base, drawn, expect, openTask, overflow, shot, test, violations } from './page';
import { chained, feed, type Stop } from './timetable';

const id = 'linea-di-prova';
type Points = { features: { properties: Record<string, string>; geometry: { coordinates: [number, number] } }[] };

async function json<T>(request: APIRequestContext, path: string): Promise<T> {
  return (await (await request.get(`${base()}${path}`)).json()) as T;
}

async function points(request: APIRequestContext, dataset: string, limit = 500): Promise<Points['features']> {
  return (await json<Points>(request, `/collections/${dataset}/items?limit=${limit}`)).features;
}

async function root(request: APIRequestContext): Promise<string> {
  return (await json<{ territories: { code: string }[] }>(request, '/territories')).territories[0]!.code;
}

/** far is the stop farthest from the only hospital, from where nobody walks. */
async function far(request: APIRequestContext): Promise<string> {
  const [to] = await points(request, 'hospital', 1);
  const away = (p: Points['features'][number]): number =>
    Math.hypot(p.geometry.coordinates[0] - to!.geometry.coordinates[0], p.geometry.coordinates[1] - to!.geometry.coordinates[1]);
  const stop = (await points(request, 'bus-stops')).reduce((a, b) => (away(b) > away(a) ? b : a));
  return `${stop.geometry.coordinates[1].toFixed(5)}, ${stop.geometry.coordinates[0].toFixed(5)}`;
}

for (const [name, size, lang] of [
  ['desk', { width: 1280, height: 800 }, 'it'],
  ['phone', { width: 390, height: 844 }, 'en'],
] as const) {
  test(`who arrives by bus and on foot, and with which bus, ${name}, ${lang}`, async ({ page, request }) => {
    test.skip(process.env.CONTADO_E2E === 'mock', 'the stand-in has no timetable');
    test.setTimeout(240_000);
    await page.setViewportSize(size);
    await openTask(page, lang, 'coverage', `&t=${await root(request)}&s=hospital`);
    const share = async (): Promise<number> => {
      await expect(page.locator('.coverage [aria-busy=false] #coverage-headline strong')).toBeVisible({ timeout: 120_000 });
      return parseFloat((await page.locator('#coverage-headline strong').innerText()).replace(',', '.'));
    };
    const walking = await share();
    await page.locator('#coverage-profile').selectOption('bus-and-walk');
    await expect(page.locator('#coverage-headline')).toContainText(lang === 'it' ? 'in autobus e a piedi' : 'by bus and on foot', {
      timeout: 120_000,
    });
    // Whoever may ride may still walk.
    expect(await share()).toBeGreaterThanOrEqual(walking);
    await page.locator('#coverage-from').fill(await far(request));
    await page.locator('#coverage-from').press('Enter');
    await expect(
      page
        .locator('.journey ol li')
        .filter({ hasText: lang === 'it' ? 'Autobus' : 'Bus' })
        .first(),
    ).toBeVisible({ timeout: 120_000 });
    await page.locator('.journey .how summary').click();
    await expect(page.locator('.journey .how')).toContainText(lang === 'it' ? 'tempo mediano' : 'median time');
    await drawn(page, 'coverage');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await shot(page, `bus-${name}-${lang}`);
  });
}

/** line leads from a pharmacy along the hamlets, the nearest next. */
async function line(request: APIRequestContext): Promise<Stop[]> {
  const [to] = await points(request, 'pharmacy', 1);
  const along = await points(request, 'hamlets', 12);
  const stops = [to!, ...along].map((f, i) => ({
    id: `s${i}`,
    name: i === 0 ? 'Farmacia' : (f.properties.nome ?? f.properties.name ?? `Fermata ${i}`),
    lon: f.geometry.coordinates[0],
    lat: f.geometry.coordinates[1],
  }));
  return chained(stops);
}

async function gone(request: APIRequestContext): Promise<void> {
  type All = { collections: { id: string; contado: { version: number } }[] };
  const mine = (await json<All>(request, '/collections')).collections.filter((c) => c.id.startsWith(id));
  for (const c of mine) expect((await request.delete(`${base()}/collections/${c.id}?version=${c.contado.version}`)).ok()).toBe(true);
}

test.afterEach(({ request }) => gone(request));

test('a timetable is uploaded, and shown with its stops and lines', async ({ page, request }) => {
  test.setTimeout(180_000);
  const status = await json<{ manage?: boolean }>(request, '/status');
  test.skip(!status.manage, 'the server takes no uploads');
  const year = new Date().getUTCFullYear();
  const buffer = feed(await line(request), { from: `${year}0101`, to: `${year + 1}1231` });
  await openTask(page, 'it', 'data', '&new=1');
  await page.setInputFiles('#data-files', { name: `${id}.zip`, mimeType: 'application/zip', buffer });
  await page.getByRole('button', { name: 'Invia' }).click();
  await expect(page.getByRole('heading', { name: 'Che cosa è stato riconosciuto' })).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Prepara' }).click();
  await page.getByRole('button', { name: 'Pubblica' }).click({ timeout: 90_000 });
  await expect(page.getByText('Pubblicati 3 insiemi di dati.')).toBeVisible({ timeout: 30_000 });
  expect(await violations(page)).toEqual([]);
  await page.locator('.alert-success').getByRole('link').first().click();
  await expect(page.locator('section[aria-labelledby="data-versions"] ol > li').first()).toBeVisible();
  expect(await violations(page)).toEqual([]);
});
