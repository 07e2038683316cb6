// The data task: the list, the page of a dataset, files that become one, and what is done with it.
import type { APIResponse, Locator, Page } from '@playwright/test';
import { base, expect, openTask, overflow, shot, test, violations } from './page';

const sizes = [
  { name: 'desktop', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 844 },
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
}

const said = {
  it: {
    choose: 'Scegli i file dal computer',
    send: 'Invia',
    recognised: 'Che cosa è stato riconosciuto',
    role: 'Ruolo',
    prepare: 'Prepara',
    publish: 'Pubblica',
    rows: '3 righe',
    published: 'Pubblicato 1 insieme di dati.',
    undo: 'Annulla la pubblicazione',
  },
  en: {
    choose: 'Choose files from the computer',
    send: 'Send',
    recognised: 'What was recognised',
    role: 'Role',
    prepare: 'Prepare',
    publish: 'Publish',
    rows: '3 rows',
    published: '1 dataset published.',
    undo: 'Undo the publication',
  },
} as const;

/** does acts on a control by mouse, or by keyboard alone. */
type Does = (what: Locator) => Promise<void>;
const byMouse: Does = (what) => what.click();
const byKeyboard: Does = async (what) => {
  await expect(what).toBeEnabled();
  await what.focus();
  await what.press('Enter');
};

async function manages(page: Page): Promise<boolean> {
  return !!((await (await page.request.get(`${base()}/status`)).json()) as { manage?: boolean }).manage;
}

for (const [size, lang, press] of [
  [sizes[0]!, 'it', byMouse],
  [sizes[1]!, 'en', byKeyboard],
] as const) {
  test(`files become a dataset, and go away again, ${size.name}, ${lang}`, async ({ page }) => {
    test.setTimeout(180_000);
    await page.setViewportSize(size);
    await openTask(page, lang, 'data', '&new=1');
    test.skip(!(await manages(page)), 'the server takes no uploads');
    const w = said[lang];
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    const id = `borgate-${size.name}`;
    const there = async (): Promise<number> => (await page.request.get(`${base()}/collections/${id}`)).status();
    const body = Buffer.from(hamlets(['Alpe', 'Bosco', 'Nessun luogo']));
    await shot(page, `data-upload-choose-${size.name}`);
    const asked = page.waitForEvent('filechooser');
    await press(button(w.choose));
    await (await asked).setFiles({ name: `${id}.geojson`, mimeType: 'application/geo+json', buffer: body });
    expect(await violations(page)).toEqual([]);
    await press(button(w.send));
    await expect(page.getByRole('heading', { name: w.recognised })).toBeVisible({ timeout: 30_000 });
    // The button that was pressed is gone: the reader goes on at what came of it.
    await expect(page.locator('#panel .body')).toBeFocused();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await shot(page, `data-upload-plan-${size.name}`);
    await page.getByLabel(w.role).selectOption('place');
    await press(button(w.prepare));
    await expect(button(w.publish)).toBeVisible({ timeout: 60_000 });
    await expect(page.locator('#panel .body')).toBeFocused();
    await expect(page.getByText(w.rows).first()).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await shot(page, `data-upload-review-${size.name}`);
    expect(await there()).toBe(404);
    await press(button(w.publish));
    await expect(page.getByText(w.published)).toBeVisible();
    expect(await there()).toBe(200);
    expect(await violations(page)).toEqual([]);
    await shot(page, `data-upload-done-${size.name}`);
    await press(button(w.undo));
    await expect(button(w.choose)).toBeVisible();
    await expect.poll(there).toBe(404);
  });
}

/** put makes a version of a dataset, as the page does. */
async function put(page: Page, id: string, names: string[]): Promise<void> {
  const body = Buffer.from(hamlets(names));
  const ok = async (r: APIResponse): Promise<{ id: string; state: string }> => {
    expect(r.ok(), await r.text()).toBe(true);
    return (await r.json()) as { id: string; state: string };
  };
  const at = `${base()}/uploads/${(await ok(await page.request.post(`${base()}/uploads`, { data: { files: [{ name: `${id}.geojson`, size: body.length }] } }))).id}`;
  await ok(await page.request.patch(`${at}/files/0?offset=0`, { data: body, headers: { 'Content-Type': 'application/octet-stream' } }));
  const mode = (await page.request.get(`${base()}/collections/${id}`)).ok() ? { mode: 'replace' } : {};
  await ok(await page.request.post(`${at}/preparation`, { data: { dataset: id, title: 'Borgate', role: 'place', ...mode } }));
  await expect.poll(async () => (await ok(await page.request.get(at))).state, { timeout: 60_000 }).toBe('prepared');
  await ok(await page.request.post(`${at}/publication`, { data: {} }));
}

test('a dataset is described, dressed, set back and removed by keyboard alone, phone, English', async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize(sizes[1]!);
  const id = 'borgate-keys';
  test.skip(!(await manages(page)), 'the server takes no uploads');
  await put(page, id, ['Alpe', 'Bosco']);
  await put(page, id, ['Alpe', 'Bosco', 'Conca']);
  await openTask(page, 'en', 'data', `&d=${id}`);
  const button = (name: string) => page.getByRole('button', { name, exact: true });

  await byKeyboard(button('Edit the description'));
  const title = page.getByLabel('Title');
  await expect(title).toBeFocused();
  await title.fill('Hamlets of the valley');
  await title.press('Enter');
  await expect(page.getByRole('heading', { level: 2, name: 'Hamlets of the valley' })).toBeVisible();
  await expect(page.locator('#data-about')).toBeFocused();

  await page.getByLabel('Colour by').focus();
  await page.keyboard.type('people');
  await expect(page.locator('ul.legend li').first()).toBeVisible();
  await byKeyboard(button('Keep for all'));
  await expect(page.getByText('The style is kept.')).toBeVisible();
  expect(await violations(page)).toEqual([]);

  await byKeyboard(button('Go back to version 1'));
  await expect(page.getByText('Version 3 is in use now.')).toBeVisible();
  await expect(page.getByText('Has the content of version 1 again.').first()).toBeVisible();
  expect(await overflow(page)).toBeLessThanOrEqual(0);

  await byKeyboard(button('Edit the description'));
  await byKeyboard(button('Remove…'));
  await expect(page.getByRole('alert').getByRole('button', { name: 'Cancel' })).toBeFocused();
  expect(await violations(page)).toEqual([]);
  await byKeyboard(button('Remove everything'));
  await expect.poll(async () => (await page.request.get(`${base()}/collections/${id}`)).status()).toBe(404);
  await expect(page.getByRole('link', { name: 'Hamlets of the valley' })).toHaveCount(0);
});

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
  // There is nothing to describe.
  await expect(page.locator('#panel form')).toHaveCount(0);
  await page.getByRole('button', { name: 'Choose other files' }).click();
  await expect(page.getByRole('button', { name: 'Choose files from the computer' })).toBeVisible();
});
