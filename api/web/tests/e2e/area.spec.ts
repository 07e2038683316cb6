// Task 3: ask about an area. Every way to say which, every answer, and the
// call behind it, which is run.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { base, drawn, expect, overflow, shot, test, violations } from './page';
import type { Page } from '@playwright/test';

const sizes = [
  ['desktop', 1280, 800],
  ['phone', 360, 740],
] as const;

interface Land {
  box: [number, number, number, number];
  root: string;
  leaf: { code: string; name: string };
}

async function land(page: Page): Promise<Land> {
  type Listed = { territories: { code: string; name: string; bbox: Land['box']; children_count: number }[] };
  const get = async (path: string) => (await (await page.request.get(`${base()}${path}`)).json()) as Listed;
  const root = (await get('/territories')).territories[0]!;
  let leaf = root;
  while (leaf.children_count) leaf = (await get(`/territories?parent=${encodeURIComponent(leaf.code)}`)).territories[0]!;
  return { box: root.bbox, root: root.code, leaf };
}

/** at is a place of the land: 0…1 from the west, 0…1 from the south. */
const at = (l: Land, x: number, y: number): [number, number] => [l.box[0] + x * (l.box[2] - l.box[0]), l.box[1] + y * (l.box[3] - l.box[1])];

async function open(page: Page, lang: 'it' | 'en', rest = ''): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${base()}/#/area?lang=${lang}${rest}`);
  await expect(page.locator('#panel h2')).toBeVisible({ timeout: 60_000 });
}

const typing = { it: 'Scrivi, incolla o carica un’area', en: 'Type, paste or load an area' };
const texts = { it: 'Coordinate, GeoJSON o WKT', en: 'Coordinates, GeoJSON or WKT' };
const add = { it: 'Aggiungi l’area', en: 'Add the area' };

async function type(page: Page, lang: 'it' | 'en', text: string): Promise<void> {
  if (!(await page.getByLabel(texts[lang]).isVisible())) await page.getByText(typing[lang]).click();
  await page.getByLabel(texts[lang]).fill(text);
  await page.getByRole('button', { name: add[lang] }).click();
}

const areas = (page: Page) => page.locator('.areas > li');
const answered = (page: Page) => expect(page.locator('#area-answer [aria-busy="false"]').first()).toBeVisible({ timeout: 60_000 });

for (const [name, width, height] of sizes) {
  for (const lang of ['it', 'en'] as const) {
    test.describe(`${name}, ${lang}`, () => {
      test.use({ viewport: { width, height } });

      test('every answer, without a fault of accessibility', async ({ page }) => {
        test.slow();
        const l = await land(page);
        await open(page, lang);
        await expect(page.getByText(lang === 'it' ? 'Nessuna area scelta' : 'No area chosen')).toBeVisible();
        expect(await violations(page)).toEqual([]);
        const [w, s] = at(l, 0.35, 0.3);
        const [e, n] = at(l, 0.6, 0.6);
        await type(page, lang, `${s} ${w}\n${n} ${e}`);
        await expect(areas(page)).toHaveCount(1);
        await expect(areas(page)).toContainText(lang === 'it' ? '4 vertici' : '4 corners');
        for (const tab of ['people', 'cover', 'features', 'heights', 'stats', 'series']) {
          await page.locator(`#area-tab-${tab}`).click();
          await answered(page);
          await expect(page.locator('#area-answer table').first()).toBeVisible();
          await expect(page.locator('#area-answer .problem')).toHaveCount(0);
          expect(await overflow(page), tab).toBeLessThanOrEqual(0);
          expect(await violations(page), tab).toEqual([]);
          await page.locator('#area-answer').scrollIntoViewIfNeeded();
          await shot(page, `area-${tab}-${name}-${lang}`);
        }
      });
    });
  }
}

test('a territory by click, and a second area to compare; the address gives both back', async ({ page }) => {
  const l = await land(page);
  await open(page, 'it', `&t=${l.root}`);
  await drawn(page);
  await page.getByRole('button', { name: 'Territorio', exact: true }).click();
  await page.locator('.map canvas').click();
  await expect(areas(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Fatto' }).click();
  const [w, s] = at(l, 0.3, 0.3);
  const [e, n] = at(l, 0.6, 0.55);
  await type(page, 'it', `POLYGON ((${w} ${s}, ${e} ${s}, ${e} ${n}, ${w} ${s}))`);
  await expect(areas(page)).toHaveCount(2);
  await answered(page);
  await expect(page.locator('#area-answer thead th')).toHaveCount(3);
  const people = await page.locator('#area-answer tbody tr').first().innerText();
  // The address follows a moment later.
  await expect(page).toHaveURL(/a=P/);
  const url = page.url();
  await page.goto('about:blank');
  await page.goto(url);
  await expect(areas(page)).toHaveCount(2);
  await answered(page);
  expect(await page.locator('#area-answer tbody tr').first().innerText()).toBe(people);
  await page.getByRole('button', { name: /^Togli: Area B/ }).click();
  await expect(areas(page)).toHaveCount(1);
});

for (const [tool, clicks] of [
  [
    'Rettangolo',
    [
      [-60, -40],
      [60, 50],
    ],
  ],
  [
    'Cerchio',
    [
      [0, 0],
      [70, 0],
    ],
  ],
  [
    'Poligono',
    [
      [-60, -40],
      [60, -40],
      [0, 60],
      [-60, -40],
    ],
  ],
] as const) {
  test(`${tool} drawn with the mouse`, async ({ page }) => {
    await open(page, 'it', `&t=${(await land(page)).root}`);
    await drawn(page);
    await page.getByRole('button', { name: tool, exact: true }).click();
    await expect(page.locator('.doing[aria-busy="false"]')).toBeVisible();
    const box = (await page.locator('.map canvas').boundingBox())!;
    for (const [dx, dy] of clicks) {
      await page.mouse.move(box.x + box.width / 2 + dx, box.y + box.height / 2 + dy, { steps: 4 });
      await page.mouse.click(box.x + box.width / 2 + dx, box.y + box.height / 2 + dy);
    }
    await expect(areas(page)).toHaveCount(1);
    await expect(page.locator('.doing')).toHaveCount(0);
    await expect(areas(page)).toContainText('ha');
    await shot(page, `area-drawn-${tool}`);
  });
}

test('what is wrong is said in plain words', async ({ page }) => {
  const l = await land(page);
  await open(page, 'it');
  const p = (x: number, y: number) =>
    at(l, x, y)
      .map((v) => v.toFixed(6))
      .join(' ');
  await type(page, 'it', `POLYGON ((${p(0.2, 0.2)}, ${p(0.6, 0.6)}, ${p(0.6, 0.2)}, ${p(0.2, 0.6)}, ${p(0.2, 0.2)}))`);
  await expect(page.getByText('Il bordo si incrocia')).toBeVisible();
  await expect(page.getByRole('tablist')).toHaveCount(0);
  await page
    .getByRole('button', { name: /^Togli/ })
    .first()
    .click();
  await type(page, 'it', '10 10\n11 11');
  await expect(page.getByText('fuori dai dati')).toBeVisible();
  await page
    .getByRole('button', { name: /^Togli/ })
    .first()
    .click();
  await type(page, 'it', 'qui vicino');
  await expect(page.getByText('non si leggono due numeri')).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await shot(page, 'area-faults');
});

test('a file is read in the browser, and a polygon may be changed', async ({ page }) => {
  const l = await land(page);
  await open(page, 'en');
  const ring = [at(l, 0.4, 0.4), at(l, 0.5, 0.4), at(l, 0.5, 0.5), at(l, 0.4, 0.4)];
  await page.getByText(typing.en).click();
  const doc = {
    type: 'FeatureCollection',
    features: [{ type: 'Feature', properties: { name: 'From a file' }, geometry: { type: 'Polygon', coordinates: [ring] } }],
  };
  await page
    .getByLabel('GeoJSON or GeoPackage file')
    .setInputFiles({ name: 'a.geojson', mimeType: 'application/geo+json', buffer: Buffer.from(JSON.stringify(doc)) });
  await expect(page.getByRole('textbox', { name: 'Name of area A' })).toHaveValue('From a file');
  await page
    .getByLabel('GeoJSON or GeoPackage file')
    .setInputFiles({ name: 'b.gpkg', mimeType: 'application/octet-stream', buffer: Buffer.from('SQLite format 3\0 and no more') });
  await expect(page.getByText('cannot be read')).toBeVisible();
});

test('by keyboard alone: type, walk over the tabs, read how it was computed', async ({ page }) => {
  const l = await land(page);
  await open(page, 'en');
  await page.getByText(typing.en).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Territory by name or code')).toBeFocused();
  await page.keyboard.type(l.leaf.name);
  await expect(page.locator('.found button').first()).toBeVisible();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(areas(page)).toHaveCount(1);
  await answered(page);
  await page.locator('#area-tab-people').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('#area-tab-cover')).toBeFocused();
  await expect(page.locator('#area-tab-cover')).toHaveAttribute('aria-selected', 'true');
  await answered(page);
  const how = page.locator('#area-answer summary').first();
  await how.focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('#area-answer details').first()).toHaveAttribute('open', '');
});

test('the copied call works, and so do the files', async ({ page }) => {
  const l = await land(page);
  await open(page, 'en', `&a=T${l.leaf.code}`);
  await answered(page);
  await page.getByText('Copy as API call').first().click();
  const command = (await page.locator('#area-answer details[open] code').last().innerText()).trim();
  const answer = JSON.parse(execFileSync('/bin/sh', ['-c', command]).toString()) as { areas: { code: string; people: number | null }[] };
  expect(answer.areas.map((a) => a.code)).toEqual([l.leaf.code]);
  const shown = await page.locator('#area-answer tbody tr').first().locator('td').first().innerText();
  expect(Number(shown.replace(/\D/g, ''))).toBe(Math.round(answer.areas[0]!.people ?? -1));

  const have = page.waitForEvent('download');
  await page.locator('#area-answer').getByRole('button', { name: 'GeoPackage' }).first().click();
  const file = await have;
  expect(file.suggestedFilename()).toMatch(/\.gpkg$/);
  expect(
    readFileSync((await file.path())!)
      .subarray(0, 15)
      .toString(),
  ).toBe('SQLite format 3');

  await page.locator('#area-tab-cover').click();
  await answered(page);
  const tif = page.waitForEvent('download');
  await page.locator('#area-answer').getByRole('button', { name: 'GeoTIFF' }).click();
  expect(
    readFileSync((await (await tif).path())!)
      .subarray(0, 2)
      .toString(),
  ).toBe('II');
});

test('the features of a layer as a list, on the map, as a file', async ({ page }) => {
  const l = await land(page);
  await open(page, 'it', `&a=T${l.root}&b=features`);
  await answered(page);
  await page
    .locator('#area-answer tbody button.name')
    .filter({ hasText: /Località|Farmacie|Fermate/ })
    .first()
    .click();
  const list = page.locator('section.rows');
  await expect(list.locator('tbody tr').first()).toBeVisible({ timeout: 30_000 });
  const next = list.getByRole('button', { name: 'Successiva' });
  if (await next.isVisible()) {
    await next.click();
    await expect(list.getByText('Pagina 2 di')).toBeVisible();
  }
  const have = page.waitForEvent('download');
  await list.getByRole('button', { name: 'GeoJSON' }).click();
  const doc = JSON.parse(readFileSync((await (await have).path())!, 'utf8')) as { features: unknown[] };
  expect(doc.features.length).toBeGreaterThan(0);
  expect(await violations(page)).toEqual([]);
  await shot(page, 'area-list');
});

test('a server that fails says so, and may be asked again', async ({ page, watch }) => {
  watch.allow(/500/);
  const l = await land(page);
  let fail = true;
  await page.route('**/processes/people/execution*', (route) =>
    fail
      ? route.fulfill({
          status: 500,
          contentType: 'application/problem+json',
          body: JSON.stringify({ title: 'Internal Server Error', status: 500, detail: 'no luck' }),
        })
      : route.continue(),
  );
  await open(page, 'en', `&a=T${l.leaf.code}`);
  await expect(page.locator('.problem')).toContainText('no luck');
  expect(await violations(page)).toEqual([]);
  await shot(page, 'area-failed');
  fail = false;
  await page.locator('.problem button').click();
  await answered(page);
});
