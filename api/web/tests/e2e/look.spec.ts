// Every task at the sizes between and below those of its own tests, which look
// at a desk (1280 × 800) and a phone (360 × 740) in both languages: no
// violation of accessibility, nothing cut off at the side, a picture to look
// at. And what has no test of its own: the pages about Contado.
import { anyTerritory, drawn, expect, openTask, overflow, shot, test, turnTo, violations } from './page';
import type { Page } from '@playwright/test';

const tasks = ['places', 'map', 'area', 'coverage', 'reports', 'data', 'about'] as const;

/** look goes through tasks in one page, as people do. */
async function look(page: Page, width: number, height: number, lang: 'it' | 'en', wanted: readonly string[]): Promise<void> {
  await page.setViewportSize({ width, height });
  const { code } = await anyTerritory(page);
  let go = openTask;
  for (const task of wanted) {
    await test.step(task, async () => {
      await go(page, lang, task, `&t=${encodeURIComponent(code)}`);
      await drawn(page, task);
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await shot(page, `${task}-${width}-${lang}`);
    });
    go = turnTo;
  }
}

for (const [width, height, lang] of [
  [820, 1180, 'en'],
  [320, 640, 'it'],
] as const) {
  test(`every task, ${width} × ${height}, ${lang}`, async ({ page }) => {
    test.setTimeout(300_000);
    await look(page, width, height, lang, tasks);
  });
}

for (const [width, height] of [
  [1280, 800],
  [360, 740],
] as const) {
  for (const lang of ['it', 'en'] as const) {
    test(`the pages about Contado, ${width} × ${height}, ${lang}`, ({ page }) => look(page, width, height, lang, ['about']));
  }
}

test('at 200 % and with wider letters nothing is lost', async ({ page }) => {
  test.setTimeout(200_000);
  // A window of 1280 × 800 at 200 % has half as many pixels of the page.
  await page.setViewportSize({ width: 640, height: 400 });
  let go = openTask;
  for (const task of tasks) {
    await test.step(task, async () => {
      await go(page, 'it', task);
      // The distances of WCAG 1.4.12; the policy of the page forbids style elements, not this.
      await page.evaluate(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(
          '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }',
        );
        document.adoptedStyleSheets = [sheet];
      });
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      // Each link of the navigation shows its whole name.
      const cut = await page
        .locator('#tasks a span')
        .evaluateAll((all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflow !== 'visible').length);
      expect(cut).toBe(0);
      await shot(page, `zoom-${task}`);
    });
    go = turnTo;
  }
});

test('the page can be printed', async ({ page }) => {
  const { code } = await anyTerritory(page);
  await openTask(page, 'it', 'places', `&t=${encodeURIComponent(code)}`);
  await page.emulateMedia({ media: 'print' });
  await expect(page.locator('#tasks')).toBeHidden();
  await expect(page.getByRole('combobox').first()).toBeHidden();
  await expect(page.locator('#panel h2').first()).toBeVisible();
  await page.pdf({ path: 'test-results/printed.pdf', format: 'A4' });
});
