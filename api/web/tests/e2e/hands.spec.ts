// Places, map and area without a mouse: by keyboard alone at a desk, in
// Italian, and by touch on a phone, in English.
import { anyTerritory, drawn, expect, openTask, overflow, shot, test, violations } from './page';
import type { Locator, Page } from '@playwright/test';

const hash = (page: Page): string => decodeURIComponent(new URL(page.url()).hash);

/** tabTo presses the tab key until the focus is there, and looks whether it can be seen. */
async function tabTo(page: Page, to: Locator, most = 70): Promise<void> {
  await expect(to.first()).toBeVisible();
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    if (!(await to.evaluateAll((all) => all.includes(document.activeElement as HTMLElement)))) continue;
    const ring = await page.evaluate(() => {
      // The handle between two maps has its ring on the knob.
      const all = [document.activeElement!, ...document.activeElement!.querySelectorAll('span')].map((e) => getComputedStyle(e));
      return all.some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2);
    });
    expect(ring, `the focus on ${String(to)} can be seen`).toBe(true);
    return;
  }
  throw new Error(`${String(to)} is not reached by ${most} tabs`);
}

test.describe('keyboard', () => {
  const lang = 'it';
  test.use({ viewport: { width: 1280, height: 800 } });

  test('a place by name, its page, and what is there on the map', async ({ page }) => {
    const { leaf } = await anyTerritory(page);
    await openTask(page, lang, 'places');
    await tabTo(page, page.locator('.skiplinks a').nth(1), 3);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('combobox').first()).toBeFocused();
    await page.keyboard.type(leaf);
    await expect(page.getByRole('option').filter({ hasText: leaf }).first()).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.locator('#panel h2')).toHaveText(leaf);
    await expect(page.locator('.profile')).toBeVisible();
    // Navigation comes before the page: to the map, and back to the first task.
    await tabTo(page, page.locator('#tasks a').nth(1));
    await page.keyboard.press('Enter');
    await tabTo(page, page.locator('#map-tab-layers'));
    await page.keyboard.press('ArrowRight');
    await expect(page.locator('#map-tab-here')).toBeFocused();
    await tabTo(page, page.locator('#map-coordinates'), 4);
    await page.keyboard.type('46,1 9,563');
    await page.keyboard.press('Enter');
    await expect(page.locator('.found')).toContainText('46,10000° N');
    await expect.poll(() => hash(page)).toContain('at=9.563000,46.100000');
  });

  test('how a number came about, a date, and two of them under a handle', async ({ page }) => {
    const { code } = await anyTerritory(page);
    await openTask(page, lang, 'places', `&t=${code}`);
    await expect(page.locator('.profile')).toBeVisible();
    await tabTo(page, page.locator('.profile details.how > summary').first());
    await page.keyboard.press('Enter');
    await expect(page.locator('.profile details.how').first()).toHaveAttribute('open', '');
    await openTask(page, lang, 'map', '&l=sentinel-2~d2025-07-21&c=swipe*50*sentinel-2~d2025-01-22');
    await expect(page.locator('.handle')).toBeVisible();
    await page.locator('#map').focus();
    await tabTo(page, page.locator('.handle'), 8);
    await page.keyboard.press('PageUp');
    await expect(page.locator('.handle')).toHaveAttribute('aria-valuenow', '60');
    await tabTo(page, page.locator('.time input'), 12);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => hash(page)).toContain('l=sentinel-2~d2025-04-17');
  });

  test('an area from the start, and its answers', async ({ page }) => {
    const { code } = await anyTerritory(page);
    await openTask(page, lang, 'area', `&t=${code}`);
    await tabTo(page, page.locator('.start .btn-primary'));
    await page.keyboard.press('Enter');
    await expect(page.locator('.areas > li')).toHaveCount(1);
    await expect(page.locator('#area-answer table').first()).toBeVisible({ timeout: 60_000 });
    await page.locator('#panel').focus();
    await tabTo(page, page.locator('#area-tab-people'));
    await page.keyboard.press('ArrowRight');
    await expect(page.locator('#area-tab-cover')).toBeFocused();
    await expect(page.locator('#area-answer')).toContainText('Bosco', { timeout: 60_000 });
  });
});

test.describe('touch', () => {
  const lang = 'en';
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('what is there, the handle, and an area by a tap', async ({ page }) => {
    const { code } = await anyTerritory(page);
    await openTask(page, lang, 'map', '&l=sentinel-2~d2025-07-21&c=swipe*50*sentinel-2~d2025-01-22');
    await drawn(page);
    const map = (await page.locator('#map').boundingBox())!;
    const [x, y] = [map.x + map.width / 2, map.y + map.height / 2];
    const finger = await page.context().newCDPSession(page);
    const touch = (type: string, at: [number, number][]) =>
      finger.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints: at.map(([tx, ty]) => ({ x: tx, y: ty })) });
    await touch('touchStart', [[x, y]]);
    await touch('touchMove', [[x - 40, y]]);
    await touch('touchMove', [[x - 78, y]]);
    await touch('touchEnd', []);
    await expect(page.locator('.handle')).toHaveAttribute('aria-valuenow', '30');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await shot(page, 'hands-swipe');
    await page.touchscreen.tap(x + 60, y - 40);
    await expect(page.locator('.found')).toBeVisible();
    await expect.poll(() => hash(page)).toContain('at=');
    await openTask(page, lang, 'area', `&t=${code}`);
    await drawn(page);
    await page.getByRole('button', { name: 'Territory', exact: true }).tap();
    await expect(page.locator('.doing[aria-busy="false"]')).toBeVisible();
    const at = (await page.locator('#map canvas').first().boundingBox())!;
    await page.touchscreen.tap(at.x + at.width / 2, at.y + at.height / 2);
    await expect(page.locator('.areas > li')).toHaveCount(1);
    await shot(page, 'hands-area');
  });
});
