import type { Page } from '@playwright/test';
import { expect, open, overflow, still, test, violations } from './page';

// Some steps show a map that is being computed: its picture takes a while.
const shot = (page: Page, name: string) => page.screenshot({ path: `test-results/${name}.png`, timeout: 90_000 });

test.use({ firstVisit: true });

for (const size of [
  { name: 'desktop', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 844 },
]) {
  for (const lang of ['it', 'en'] as const) {
    const words =
      lang === 'it'
        ? { offer: 'Prima volta qui?', start: 'Inizia la visita', next: 'Avanti', back: 'Indietro', done: 'Fine', tour: 'Visita guidata' }
        : { offer: 'New here?', start: 'Start the tour', next: 'Next', back: 'Back', done: 'Finish', tour: 'Guided tour' };

    test(`the tour goes through the page, ${size.name} ${lang}`, async ({ page }) => {
      test.setTimeout(420_000);
      await page.setViewportSize(size);
      await open(page, lang);
      await expect(page.getByText(words.offer)).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await shot(page, `tour-offer-${size.name}-${lang}`);
      await page.getByRole('button', { name: words.start }).click();
      const card = page.getByRole('dialog');
      for (let n = 1; n <= 7; n++) {
        await expect(card).toContainText(new RegExp(`\\b${n}\\b.*7`));
        await expect(card).toBeFocused();
        const box = (await card.boundingBox())!;
        expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= size.width && box.y + box.height <= size.height, `step ${n} is in view`).toBe(true);
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        await still(page);
        await shot(page, `tour-${n}-${size.name}-${lang}`);
        if (n === 5) {
          await card.getByRole('button', { name: words.back }).click();
          await expect(card).toContainText(/\b4\b.*7/);
          await expect(card).toBeFocused();
          await card.getByRole('button', { name: words.next }).click();
          await expect(card).toContainText(/\b5\b.*7/);
        }
        const on = card.getByRole('button', { name: n < 7 ? words.next : words.done });
        // On the phone in English by keyboard: from the card on, the last button that Tab comes to.
        if (size.name === 'desktop' || lang === 'it') await on.click();
        else {
          await on.focus();
          await page.keyboard.press('Enter');
        }
      }
      await expect(card).toHaveCount(0);
      // It is not offered twice.
      await page.reload();
      await expect(page.locator('#panel')).toBeVisible();
      await expect(page.getByText(words.offer)).toHaveCount(0);
    });
  }
}

test('Escape ends the tour, the foot of the page begins it again, and the focus goes back', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await open(page, 'it');
  await page.getByRole('button', { name: 'No, grazie' }).click();
  await expect(page.getByText('Prima volta qui?')).toHaveCount(0);
  const again = page.locator('footer').getByRole('button', { name: 'Visita guidata' });
  await again.focus();
  await page.keyboard.press('Enter');
  const card = page.getByRole('dialog');
  await expect(card).toBeFocused();
  expect(await violations(page)).toEqual([]);
  // Nothing is locked: the page can be used meanwhile.
  await page.getByRole('combobox').first().focus();
  await expect(card).toBeVisible();
  await card.focus();
  await page.keyboard.press('Escape');
  await expect(card).toHaveCount(0);
  await expect(again).toBeFocused();
});
