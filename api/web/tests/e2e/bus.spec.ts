// By bus and on foot: a timetable is uploaded, and from then on the page
// offers to ride.
import type { APIRequestContext } from '@playwright/test';
import { base, drawn, expect, openTask, overflow, shot, test, violations } from './page';
import { chained, feed, type Stop } from './timetable';

const id = 'linea-di-prova';

async function json<T>(request: APIRequestContext, path: string): Promise<T> {
  return (await (await request.get(`${base()}${path}`)).json()) as T;
}

/** line leads from a pharmacy along the hamlets, the nearest next. */
async function line(request: APIRequestContext): Promise<Stop[]> {
  type Points = { features: { properties: Record<string, string>; geometry: { coordinates: [number, number] } }[] };
  const points = async (dataset: string, limit: number) => (await json<Points>(request, `/collections/${dataset}/items?limit=${limit}`)).features;
  const [to] = await points('pharmacy', 1);
  const along = await points('hamlets', 12);
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

test('who arrives by bus and on foot', async ({ page, request }) => {
  test.setTimeout(300_000);
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
  await expect(page.getByText(/Pubblicat[oi] \d insiem/)).toBeVisible({ timeout: 30_000 });

  const roots = await json<{ territories: { code: string }[] }>(request, '/territories');
  const whole = `&t=${roots.territories[0]!.code}&s=pharmacy`;
  const share = async (profile: string): Promise<number> => {
    await openTask(page, 'it', 'coverage', `${whole}&p=${profile}`);
    await expect(page.locator('#coverage-headline strong')).toBeVisible({ timeout: 120_000 });
    return Number((await page.locator('#coverage-headline strong').innerText()).replace(',', '.').replace(/[^\d.].*$/s, ''));
  };
  const walking = await share('walking');
  const riding = await share('bus-and-walk');
  await expect(page.locator('#coverage-profile')).toHaveValue('bus-and-walk');
  await expect(page.locator('#coverage-headline')).toContainText('in autobus e a piedi');
  // Whoever may ride may still walk.
  expect(riding).toBeGreaterThanOrEqual(walking);
  await page.locator('.coverage section', { hasText: 'Chi resta escluso' }).locator('tbody button').first().click({ timeout: 60_000 });
  await expect(page.locator('.journey ol li').first()).toBeVisible({ timeout: 120_000 });
  await drawn(page, 'coverage');
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  expect(await violations(page)).toEqual([]);
  await shot(page, 'bus');
});
