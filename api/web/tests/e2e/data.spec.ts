import { expect, openTask, overflow, shot, test, violations } from './page';

const sizes = [
  { name: 'desktop', width: 1280, height: 800 },
  { name: 'phone', width: 360, height: 740 },
];

interface Listed {
  collections: { id: string; title: string; contado: { kind: string; geometry_type?: string } }[];
}

const hamlets = (names: string[]) =>
  JSON.stringify({
    type: 'FeatureCollection',
    features: names.map((name, i) => ({
      type: 'Feature',
      properties: { name, people: 5 + i },
      geometry: name === 'Nessun luogo' ? null : { type: 'Point', coordinates: [9.7 + i / 100, 45.97] },
    })),
  });

for (const size of sizes) {
  for (const lang of ['it', 'en'] as const) {
    test(`list and page of a dataset, ${size.name} ${lang}`, async ({ page }) => {
      await page.setViewportSize(size);
      await openTask(page, lang, 'data');
      const origin = new URL(page.url()).origin;
      const all = ((await (await page.request.get(`${origin}/collections`)).json()) as Listed).collections;
      await expect(page.locator('article')).toHaveCount(all.length);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
      await shot(page, `data-list-${size.name}-${lang}`);

      const one = all.find((c) => c.contado.kind === 'vector' && c.contado.geometry_type)!;
      await page.getByRole('searchbox').last().fill(one.title);
      await page.getByRole('link', { name: one.title, exact: true }).first().focus();
      await page.keyboard.press('Enter');
      await expect(page.locator('#panel h2')).toHaveText(one.title);
      await expect(page.locator('section[aria-labelledby="data-content"] table')).toBeVisible();
      await expect(page.locator('section[aria-labelledby="data-health"] .state').first()).toBeVisible();
      await expect(page.locator('section[aria-labelledby="data-versions"] ol > li').first()).toBeVisible();
      await expect(page.locator('section[aria-labelledby="data-lineage"] .tree li').first()).toBeVisible();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
      await shot(page, `data-page-${size.name}-${lang}`);
      for (const part of ['content', 'style', 'versions', 'downloads']) {
        await page.locator(`#data-${part}`).scrollIntoViewIfNeeded();
        await shot(page, `data-${part}-${size.name}-${lang}`);
      }
    });
  }

  test(`files become a dataset, and go away again, ${size.name}`, async ({ page }) => {
    test.setTimeout(180_000);
    await page.setViewportSize(size);
    await openTask(page, 'it', 'data', '&new=1');
    const origin = new URL(page.url()).origin;
    const status = (await (await page.request.get(`${origin}/status`)).json()) as { manage?: boolean };
    test.skip(!status.manage, 'the server takes no uploads');
    const id = `borgate-${size.name}`;
    const send = async (names: string[]) => {
      await page.setInputFiles('#data-files', { name: `${id}.geojson`, mimeType: 'application/geo+json', buffer: Buffer.from(hamlets(names)) });
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Invia' }).click();
      await expect(page.getByRole('heading', { name: 'Che cosa è stato riconosciuto' })).toBeVisible({ timeout: 30_000 });
    };
    await shot(page, `data-upload-choose-${size.name}`);
    await send(['Alpe', 'Bosco', 'Nessun luogo']);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await shot(page, `data-upload-plan-${size.name}`);
    await page.getByLabel('Ruolo').selectOption('place');
    await page.getByRole('button', { name: 'Prepara' }).click();
    await expect(page.getByRole('button', { name: 'Pubblica' })).toBeVisible({ timeout: 60_000 });
    await expect(page.getByText('3 righe').first()).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await shot(page, `data-upload-review-${size.name}`);
    expect((await page.request.get(`${origin}/collections/${id}`)).status()).toBe(404);
    await page.getByRole('button', { name: 'Pubblica' }).click();
    await expect(page.getByText('Pubblicato 1 insieme di dati.')).toBeVisible();
    expect((await page.request.get(`${origin}/collections/${id}`)).status()).toBe(200);
    expect(await violations(page)).toEqual([]);
    await shot(page, `data-upload-done-${size.name}`);
    await page.getByRole('button', { name: 'Annulla la pubblicazione' }).click();
    await expect(page.getByRole('button', { name: 'Scegli i file dal computer' })).toBeVisible();
    await expect.poll(async () => (await page.request.get(`${origin}/collections/${id}`)).status()).toBe(404);
  });
}

test('a file that is none is refused in plain words', async ({ page }) => {
  test.setTimeout(120_000);
  await openTask(page, 'en', 'data', '&new=1');
  const origin = new URL(page.url()).origin;
  const status = (await (await page.request.get(`${origin}/status`)).json()) as { manage?: boolean };
  test.skip(!status.manage, 'the server takes no uploads');
  await page.setInputFiles('#data-files', { name: 'letter.docx', mimeType: 'application/octet-stream', buffer: Buffer.from('no map at all') });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(page.getByText('is not a format that can be read').first()).toBeVisible({ timeout: 30_000 });
  expect(await violations(page)).toEqual([]);
  await shot(page, 'data-upload-refused');
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByRole('button', { name: 'Choose files from the computer' })).toBeVisible();
});
