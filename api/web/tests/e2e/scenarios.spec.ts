// Two answers of coverage beside each other on the map, several services at
// once, and what a link says of all that.
import type { Page } from '@playwright/test';
import { base, drawn, expect, openTask, overflow, shot, test, violations } from './page';

/** at a desk in Italian, on a phone in English: coverage itself is asked at both in both (coverage.spec.ts) */
const ways = [
  { name: 'desk', lang: 'it', width: 1280, height: 800 },
  { name: 'phone', lang: 'en', width: 360, height: 740 },
] as const;

async function ask(page: Page, lang: 'it' | 'en', rest: string): Promise<void> {
  const list = (await (await page.request.get(`${base()}/territories`)).json()) as { territories: { code: string }[] };
  await openTask(page, lang, 'coverage', `&t=${list.territories[0]!.code}&s=pharmacy${rest}`);
  await expect(page.locator('#coverage-headline strong')).toBeVisible({ timeout: 60_000 });
}

const hash = (page: Page): string => decodeURIComponent(new URL(page.url()).hash);

for (const { name, lang, ...size } of ways) {
  test(`two ways of moving lie over each other under a handle, ${name}, ${lang}`, async ({ page }) => {
    test.slow();
    await page.setViewportSize(size);
    await ask(page, lang, '&c=profile~senior-80');
    await expect(page.locator('.compare .sum')).toBeVisible({ timeout: 60_000 });
    await page.getByLabel(lang === 'it' ? 'con un cursore che scorre' : 'with a handle to slide').check();
    const handle = page.locator('.handle');
    await expect(handle).toHaveAttribute('role', 'slider');
    await expect(handle).toHaveAttribute('aria-label', lang === 'it' ? /a piedi.*80 anni/ : /on foot.*80/);
    await handle.focus();
    await page.keyboard.press('End');
    await expect(handle).toHaveAttribute('aria-valuenow', '100');
    for (let i = 0; i < 6; i++) await page.keyboard.press('PageDown');
    await expect.poll(() => hash(page)).toContain('cm=swipe*40');
    // Both maps are there, one of them cut off at the handle.
    await expect(page.locator('#map canvas')).toHaveCount(2);
    await expect(page.locator('.frame .other')).toHaveCSS('clip-path', /inset\(0(px|%)? 0(px|%)? 0(px|%)? 40%\)/);
    // The same in numbers, by municipality.
    await expect(page.locator('.compare table tbody tr').first()).toBeVisible();
    await drawn(page, 'coverage');
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await shot(page, `scenarios-swipe-${name}-${lang}`);

    await page.getByLabel(lang === 'it' ? 'quote per Comune' : 'shares by municipality').check();
    await page.getByLabel(lang === 'it' ? 'una accanto all’altra' : 'side by side').check();
    await expect(handle).toHaveCount(0);
    await expect.poll(() => hash(page)).toContain('cm=side');
    await drawn(page, 'coverage');
    expect(await violations(page)).toEqual([]);
    await shot(page, `scenarios-side-${name}-${lang}`);
    // The link gives the same again.
    const link = hash(page);
    await page.goto('about:blank');
    await page.goto(`${base()}/${link}`);
    await expect(page.locator('#map canvas')).toHaveCount(2, { timeout: 90_000 });
  });

  test(`people are counted by how many services they lack, ${name}, ${lang}`, async ({ page }) => {
    test.slow();
    await page.setViewportSize(size);
    await ask(page, lang, '');
    await page.getByRole('button', { name: lang === 'it' ? 'Conta i servizi che mancano' : 'Count the services that are lacking' }).click();
    const several = page.locator('.several');
    await expect(several.locator('.found')).toBeVisible({ timeout: 120_000 });
    await expect(several.locator('.found > p').first()).toHaveText(
      lang === 'it'
        ? /mancano almeno \d+ servizi su \d+ entro 30 minuti|non si possono dare numeri|è nascosto/
        : /lack at least \d+ of \d+ services|No figures|is hidden/,
    );
    await expect.poll(() => hash(page)).toMatch(/k=[a-z-]+~/);
    await several.locator('details.how summary').click();
    await expect(several.locator('details.how')).toContainText('k');
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await several.scrollIntoViewIfNeeded();
    await shot(page, `scenarios-several-${name}-${lang}`);
  });
}

test('a click on the other side tells the other journey', async ({ page }) => {
  test.slow();
  await page.setViewportSize({ width: 1280, height: 800 });
  await ask(page, 'it', '&c=profile~senior-80&cm=swipe*50');
  await expect(page.locator('.handle')).toBeVisible({ timeout: 60_000 });
  await drawn(page, 'coverage');
  const box = (await page.locator('#map').boundingBox())!;
  // Two maps drawn in software may keep the page busy for a while before it hears of the click.
  const asked = page.waitForRequest((r) => r.url().includes('/processes/coverage-explain/execution'), { timeout: 60_000 });
  await page.mouse.click(box.x + box.width * 0.7, box.y + box.height * 0.4);
  expect((await asked).postDataJSON()).toMatchObject({ inputs: { profile: 'senior-80' } });
  await expect.poll(() => hash(page)).toContain('aw=then');
  const again = page.waitForRequest((r) => r.url().includes('/processes/coverage-explain/execution'));
  await page.locator('.journey fieldset').getByLabel('a piedi', { exact: true }).check();
  expect((await again).postDataJSON()).toMatchObject({ inputs: { profile: 'walking' } });
});

test('a link from any task with a map brings the layers that were on', async ({ page }) => {
  await openTask(page, 'it', 'map', '&l=roads~bclass~o60,landcover');
  await page.locator('#tasks a').first().click();
  await expect(page.locator('#panel.task-places')).toBeVisible();
  await expect.poll(() => hash(page)).toContain('ly=roads~o60~bclass,landcover');
  const link = hash(page);
  await page.goto('about:blank');
  await page.goto(`${base()}/${link}`);
  await page.locator('#tasks a').nth(1).click();
  await expect.poll(() => hash(page)).toContain('l=roads~o60~bclass,landcover');
});

test.describe('on a first visit', () => {
  test.use({ firstVisit: true });

  for (const size of [
    { width: 1280, height: 800 },
    { width: 820, height: 1180 },
  ]) {
    test(`the offer of the tour leaves the legend to be read, ${size.width}`, async ({ page }) => {
      await page.setViewportSize(size);
      await ask(page, 'it', '');
      const box = async (selector: string) => (await page.locator(selector).boundingBox())!;
      const legend = page.locator('#map details.legend');
      await expect(legend).toBeVisible({ timeout: 60_000 });
      const [a, b] = [await box('.offer'), await box('#map details.legend')];
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      expect(apart, JSON.stringify([a, b])).toBe(true);
      await shot(page, `scenarios-offer-${size.width}`);
    });
  }
});
