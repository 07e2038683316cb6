// The map task: every state at desktop and phone size, in both languages, by
// mouse and by keyboard.
import type { Page } from '@playwright/test';
import { drawn, expect, openTask, overflow, shot, test, violations } from './page';

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } } as const;
const langs = ['it', 'en'] as const;

const words = {
  it: {
    here: 'Che cosa c’è qui',
    measure: 'Misura',
    list: 'Elenco',
    look: 'Cerca',
    height: 'Quota',
    cover: 'Copertura del suolo',
    clear: 'Ultima senza nuvole',
    area: 'Superficie',
    calculate: 'Calcola',
  },
  en: {
    here: 'What is here',
    measure: 'Measure',
    list: 'List',
    look: 'Look',
    height: 'Height',
    cover: 'Land cover',
    clear: 'Last clear one',
    area: 'Area',
    calculate: 'Calculate',
  },
} as const;

async function sound(page: Page, name: string): Promise<void> {
  await drawn(page);
  expect(await violations(page), name).toEqual([]);
  expect(await overflow(page), name).toBeLessThanOrEqual(0);
  await shot(page, `map-${name}`);
}

const hash = (page: Page): string => new URL(page.url()).hash;

// Two maps drawn in software take their time on a busy machine.
test.describe.configure({ timeout: 300_000 });
test.use({ actionTimeout: 90_000 });

for (const [size, viewport] of Object.entries(sizes)) {
  for (const lang of langs) {
    test.describe(`${size}, ${lang}`, () => {
      test.use({ viewport });
      const w = words[lang];
      const id = `${size}-${lang}`;

      test('layers: on and off, legend in words, opacity, order by keyboard, all in the address', async ({ page }) => {
        await openTask(page, lang, 'map');
        await sound(page, `layers-${id}`);
        const land = page.locator('li', { has: page.locator('#layer-landcover, [aria-controls="layer-landcover"]') });
        await land.getByRole('checkbox').first().check();
        await expect(land.getByText(lang === 'it' ? 'Bosco' : 'Tree cover')).toBeVisible();
        await land.locator('input[type=range]').fill('0.5');
        await expect.poll(() => hash(page)).toContain('landcover~o50');
        const up = land.locator('.tools button').first();
        await up.focus();
        const before = await land.evaluate((e) => [...e.parentElement!.children].indexOf(e));
        await page.keyboard.press('Enter');
        await expect.poll(() => land.evaluate((e) => [...e.parentElement!.children].indexOf(e))).toBe(before - 1);
        await sound(page, `legend-${id}`);
        // The link gives the same again.
        const link = hash(page);
        await page.goto('about:blank');
        await page.goto(`${process.env.CONTADO_E2E_URL}/${link}`);
        await expect(land.getByRole('checkbox').first()).toBeChecked();
      });

      // Every other state is seen at both sizes and in both languages, at a desk in Italian and on a phone in English.
      if ((size === 'desktop') !== (lang === 'it')) return;

      test('what is here: by coordinates, with territory, height and land cover', async ({ page }) => {
        await openTask(page, lang, 'map', '&p=here');
        await page.locator('#map-coordinates').fill(lang === 'it' ? '46,1 9,563' : '46.1, 9.563');
        await page.keyboard.press('Enter');
        const found = page.locator('.found');
        await expect(found.locator('dt').getByText(w.height, { exact: true })).toBeVisible();
        await expect(found.locator('dt').getByText(w.cover, { exact: true })).toBeVisible();
        await expect(found.getByRole('link').first()).toBeVisible();
        await expect(found).toContainText(lang === 'it' ? '46,10000° N' : '46.10000° N');
        await expect.poll(() => hash(page)).toContain('at=9.563000,46.100000');
        await sound(page, `here-${id}`);
        await page.locator('#map-coordinates').fill('here');
        await page.keyboard.press('Enter');
        await expect(page.locator('#map-coordinates')).toHaveAttribute('aria-invalid', 'true');
      });

      test('dates: a slider that says what it shows, and the last clear one', async ({ page }) => {
        await openTask(page, lang, 'map', '&l=sentinel-2');
        const slider = page.locator('.time input');
        await expect(slider).toBeVisible();
        await slider.focus();
        await page.keyboard.press('ArrowLeft');
        await expect.poll(() => hash(page)).toMatch(/sentinel-2~d\d{4}-\d\d-\d\d/);
        await expect(slider).toHaveAttribute('aria-valuetext', lang === 'it' ? /nuvole \d+(,\d)?/ : /clouds \d+(\.\d)?/);
        await page.getByRole('button', { name: w.clear }).click();
        await expect.poll(() => hash(page)).toContain('sentinel-2~d2025-07-21');
        await sound(page, `dates-${id}`);
        // Elsewhere there is no picture of that day, and the page says so.
        await page.evaluate(() => (location.hash += '&m=12/40/5'));
        await expect(page.locator('.time .note')).not.toBeEmpty();
      });

      test('comparison: a handle by keyboard, and side by side', async ({ page }) => {
        await openTask(page, lang, 'map', '&l=sentinel-2~d2025-07-21~iNDVI&c=swipe*50*sentinel-2~d2025-01-22~iNDSI');
        const handle = page.locator('.handle');
        await expect(handle).toHaveAttribute('role', 'slider');
        await handle.focus();
        await page.keyboard.press('ArrowRight');
        await expect(handle).toHaveAttribute('aria-valuenow', '52');
        await page.keyboard.press('Home');
        await expect(handle).toHaveAttribute('aria-valuenow', '0');
        await page.keyboard.press('PageUp');
        await page.keyboard.press('PageUp');
        await page.keyboard.press('PageUp');
        await expect.poll(() => hash(page)).toContain('c=swipe*30*');
        await sound(page, `swipe-${id}`);
        await page.locator('label[for=compare-side]').click();
        await expect(handle).toHaveCount(0);
        await sound(page, `side-${id}`);
      });

      test('measure: typed points, on the ellipsoid', async ({ page }) => {
        await openTask(page, lang, 'map', '&p=measure');
        await page.locator('#measure-typed').fill('45.9 9.7\n45.9 9.8\n46.0 9.8\n46.0 9.7');
        await page.getByRole('button', { name: w.calculate }).click();
        // As the geodesics of GeographicLib add up.
        await expect(page.getByRole('region', { name: new RegExp(w.measure === 'Misura' ? 'Misura' : 'Measurement') })).toContainText(
          lang === 'it' ? /26,6\d\d\skm/ : /26\.6\d\d\skm/,
        );
        await page.locator('label[for=measure-area]').click();
        await expect(page.locator('dl').first()).toContainText(lang === 'it' ? /8\.6\d\d(,\d)?\sha/ : /8,6\d\d(\.\d)?\sha/);
        await sound(page, `measure-${id}`);
        await page.locator('#measure-typed').fill('45.9 9.7\nqui');
        await expect(page.getByRole('alert')).toContainText('2');
      });

      test('list: what is on the map, features in view, pages, and back to the map', async ({ page }) => {
        await openTask(page, lang, 'map', '&l=hamlets&p=list');
        const table = page.getByRole('table').nth(1);
        await expect(table.locator('tbody tr')).toHaveCount(25);
        await sound(page, `list-${id}`);
        const first = await table.locator('tbody tr').first().innerText();
        await page.locator('.pages button').last().click();
        await expect(table.locator('tbody tr').first()).not.toHaveText(first);
        await table.locator('tbody button').first().click();
        await expect.poll(() => page.getByRole('tabpanel').getByRole('status').innerText()).not.toMatch(/26/);
      });
    });
  }
}

test.describe('the map', () => {
  test.use({ viewport: sizes.desktop });

  test('stands up in relief and lies down again', async ({ page }) => {
    await openTask(page, 'it', 'map', '&z=1.5&m=11.5/46.1/9.56/20/55');
    await expect(page.locator('#relief')).toBeChecked();
    await sound(page, 'relief');
    await expect.poll(() => hash(page)).toContain('/20/55');
    await page.locator('label[for=relief]').click();
    await expect.poll(() => hash(page)).not.toContain('/20/55');
  });

  test('a vector layer by attribute, with its legend', async ({ page }) => {
    await openTask(page, 'it', 'map', '&l=roads~bclass');
    await page.locator('[aria-controls="layer-roads"]').click();
    await expect(page.locator('#layer-roads')).toContainText('primary');
    await sound(page, 'roads-by-class');
    // The same layer by another attribute beside it, with a legend of its own; or the map without it.
    await page.locator('label[for=compare-swipe]').click();
    await page.getByLabel('Strato da confrontare').selectOption('roads');
    await expect(page.locator('.frame .second')).toContainText('Senza Strade');
    await page.locator('label[for=compare-without]').click();
    await page.locator('.right').getByLabel('Colora secondo').selectOption('surface');
    await expect(page.locator('.frame .first')).toContainText('Strade e sentieri, secondo class');
    await expect(page.locator('.frame .second')).toContainText('Strade e sentieri, secondo surface');
    await expect(page.locator('.right').getByRole('list')).toContainText('asphalt');
    await expect.poll(() => hash(page)).toContain('c=swipe*50*roads~bsurface');
    await sound(page, 'roads-two-looks');
  });

  test('a link from any task with a map brings base map and relief', async ({ page }) => {
    await openTask(page, 'it', 'map', '&b=none&r=0&z=2');
    await page.locator('#tasks a').first().click();
    await expect(page.locator('#panel.task-places')).toBeVisible();
    for (const part of ['gb=none', 'gr=0', 'gz=2']) await expect.poll(() => hash(page)).toContain(part);
    const link = hash(page);
    await page.goto('about:blank');
    await page.goto(`${process.env.CONTADO_E2E_URL}/${link}`);
    await page.locator('#tasks a').nth(1).click();
    await expect(page.locator('#base-none')).toBeChecked();
    await expect(page.locator('#relief')).toBeChecked();
    await expect.poll(() => hash(page)).toMatch(/b=none&r=0&z=2/);
  });

  test('asks what is here by keyboard, in the middle', async ({ page }) => {
    await openTask(page, 'it', 'map', '&m=13/46.1/9.563');
    await drawn(page);
    await page.locator('#map canvas').first().focus();
    await page.keyboard.press('Enter');
    await expect(page.locator('.found')).toBeVisible();
    await expect(page.locator('#map > p[role=status]')).toContainText('Borgo Contada');
  });

  test('tabs are walked by arrows', async ({ page }) => {
    await openTask(page, 'it', 'map');
    await page.locator('#map-tab-layers').focus();
    for (const tab of ['here', 'measure', 'list', 'layers']) {
      await page.keyboard.press('ArrowRight');
      await expect(page.locator(`#map-tab-${tab}`)).toBeFocused();
      await expect(page.locator(`#map-tab-${tab}`)).toHaveAttribute('aria-selected', 'true');
    }
  });

  test('asks the server no more than it must', async ({ page }) => {
    await openTask(page, 'it', 'map', '&l=bus-stops&p=list&m=12/46.1/9.563');
    await drawn(page);
    const asked: string[] = [];
    page.on('request', (r) => /\/(here|collections)/.test(new URL(r.url()).pathname) && asked.push(r.url()));
    const box = (await page.locator('#map canvas').first().boundingBox())!;
    // Ten movements one after the other, with the list open: it asks when the map rests.
    await page.locator('#map canvas').first().focus();
    let rests = 0; // on a machine that is busy with other things the map may rest between two movements
    for (let i = 0, last = Date.now(); i < 10; i++) {
      await page.keyboard.press(i % 2 ? 'ArrowLeft' : 'ArrowUp');
      if (Date.now() - last > 300) rests++;
      last = Date.now();
    }
    await expect.poll(() => asked.filter((u) => u.includes('/items')).length).toBeGreaterThan(0);
    await drawn(page);
    expect(asked.filter((u) => u.includes('/items')).length).toBeLessThanOrEqual(4 + rests);
    // Eight clicks in a second: older questions are given up.
    asked.length = 0;
    for (let i = 0; i < 8; i++) await page.mouse.click(box.x + 300 + i * 5, box.y + 300);
    await expect(page.locator('.found')).toBeVisible();
    expect(asked.filter((u) => u.includes('/here')).length).toBeLessThanOrEqual(8);
  });
});
