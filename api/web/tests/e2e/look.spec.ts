// The page at the sizes that people have, in both languages: no violation of
// accessibility, nothing cut off at the side, a picture of each to look at.
import { anyTerritory, drawn, expect, open, overflow, shot, test, violations } from './page';

const sizes = [
  [1400, 900],
  [820, 1180],
  [360, 740],
  [320, 640],
] as const;

for (const [width, height] of sizes) {
  for (const lang of ['it', 'en'] as const) {
    test(`${width} × ${height}, ${lang}`, async ({ page }) => {
      test.slow();
      await page.setViewportSize({ width, height });
      await open(page, lang);
      const { code } = await anyTerritory(page);
      await open(page, lang, `&t=${encodeURIComponent(code)}`);
      await expect(page.locator('.profile')).toBeVisible();
      await drawn(page);
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await shot(page, `profile-${width}-${lang}`);

      await page.getByRole('tab').nth(1).click();
      await page.locator('form button[type=submit]').click();
      await expect(page.locator('.result')).toBeVisible({ timeout: 60_000 });
      await drawn(page);
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await shot(page, `coverage-${width}-${lang}`);
    });
  }
}

test('layers with legends open pass too', async ({ page }) => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await open(page, 'en');
  await drawn(page);
  const details = page.locator('#layer-list button[aria-expanded]');
  for (let i = 0; i < (await details.count()); i++) await details.nth(i).click();
  await page.waitForLoadState('networkidle');
  await expect(page.locator('#layer-list .loading')).toHaveCount(0);
  expect(await violations(page)).toEqual([]);
  await shot(page, 'legends');
});
