// Coverage: the question, its answer on the map and in tables, who is left
// out, journeys, comparison, rules, permalinks; by mouse and by keyboard, in
// both languages, on a desk and on a phone.
import { base, drawn, expect, openTask, overflow, shot, still, test, violations } from './page';
import type { Page } from '@playwright/test';

const sizes = [
  { name: 'desk', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 844 },
] as const;

const answer = (page: Page) => page.locator('#coverage-headline strong');

async function root(page: Page): Promise<string> {
  const list = (await (await page.request.get(`${base()}/territories`)).json()) as { territories: { code: string }[] };
  return list.territories[0]!.code;
}

/** ask opens the task and waits for the answer and what follows it. */
async function ask(page: Page, lang: 'it' | 'en', rest = ''): Promise<void> {
  await openTask(page, lang, 'coverage', `&t=${await root(page)}${rest}`);
  await expect(answer(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('.coverage table')).not.toHaveCount(0);
}

for (const size of sizes) {
  for (const lang of ['it', 'en'] as const) {
    test(`coverage is asked and answered, ${size.name}, ${lang}`, async ({ page }) => {
      await page.setViewportSize(size);
      await ask(page, lang);
      await drawn(page, 'coverage');
      await expect(answer(page)).toHaveText(lang === 'it' ? /\d,\d\s%/ : /\d\.\d\s?%/);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await expect(page.locator('.coverage .loading')).toHaveCount(0, { timeout: 60_000 });
      expect(await violations(page)).toEqual([]);
      await shot(page, `coverage-${size.name}-${lang}`);

      await page.getByLabel(lang === 'it' ? 'quote per Comune' : 'shares by municipality').check();
      await page.locator('#coverage-compare').selectOption('profile');
      await expect(page.locator('.compare .sum')).toBeVisible({ timeout: 60_000 });
      await drawn(page, 'coverage');
      expect(await violations(page)).toEqual([]);
      await shot(page, `coverage-compared-${size.name}-${lang}`);
    });
  }
}

test('the minutes change the answer without asking the server again', async ({ page }) => {
  const tiles = new Set<string>();
  const asked: string[] = [];
  let changed = false;
  page.on('request', (r) => {
    const tile = r.url().includes('/travel-times/');
    // Who is left out is another question, by its one threshold.
    if (changed && ((tile && tiles.has(r.url())) || (r.url().includes('/execution') && !(r.postData() ?? '').includes('thresholds'))))
      asked.push(r.url());
    if (tile) tiles.add(r.url());
  });
  await ask(page, 'it');
  await drawn(page, 'coverage');
  await expect(page.locator('.coverage .loading')).toHaveCount(0, { timeout: 60_000 });
  const before = await answer(page).textContent();
  changed = true;
  await page.locator('#coverage-minutes').press('ArrowRight');
  await expect(page.locator('#coverage-headline')).toContainText('45 minuti');
  expect(await answer(page).textContent()).not.toBe(before);
  await expect(page).toHaveURL(/[?&]n=45/);
  await still(page);
  expect(asked).toEqual([]);
});

test('the whole question is in the address', async ({ page }) => {
  await ask(page, 'it', '&s=post-office&p=senior-80&n=20&a=65%2B&w=areas');
  await expect(page.locator('#coverage-headline')).toContainText(/Uffici postali.*80 anni.*20 minuti/);
  await expect(page.locator('#coverage-headline')).toContainText('65 anni e più');
  await expect(page.locator('#coverage-people')).toHaveValue('65+');
  await page.locator('#coverage-service').selectOption('hospital');
  await expect(page).toHaveURL(/s=hospital/);
  await page.reload();
  await expect(page.locator('#coverage-headline')).toContainText('Ospedali', { timeout: 60_000 });
});

test('a journey is told for a group left out, a click and typed coordinates', async ({ page }) => {
  test.slow();
  await ask(page, 'it');
  const first = page.locator('.coverage section', { hasText: 'Chi resta escluso' }).locator('tbody button').first();
  await first.click();
  const legs = page.locator('.journey ol li');
  await expect(legs.first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('.journey [role=status]').last()).toContainText(/min|h/);
  await expect(page).toHaveURL(/at=/);
  await drawn(page, 'coverage');
  await shot(page, 'coverage-journey');
  await page.locator('#coverage-from').fill('nowhere');
  await page.getByRole('button', { name: 'Mostra il percorso' }).click();
  await expect(page.getByRole('alert')).toContainText('45.97');
  const at = /at=([\d.]+),([\d.]+)/.exec(decodeURIComponent(page.url()))!;
  await page.locator('#coverage-from').fill(`${(Number(at[1]) + 0.01).toFixed(5)}, ${at[2]}`);
  await page.locator('#coverage-from').press('Enter');
  await expect(page).toHaveURL(new RegExp(`at=${(Number(at[1]) + 0.01).toFixed(5)}`));
  await expect(legs.first()).toBeVisible({ timeout: 60_000 });
  expect(await violations(page)).toEqual([]);
});

test('one facility more and one less are compared, and rules are judged', async ({ page }) => {
  test.slow();
  await ask(page, 'it');
  await page.locator('#coverage-compare').selectOption('without');
  await expect(page.locator('.compare .sum')).toContainText('−', { timeout: 60_000 });
  await page.locator('#coverage-compare').selectOption('extra');
  // Where the largest group left out lives, one more facility reaches somebody.
  await page.locator('.coverage section', { hasText: 'Chi resta escluso' }).locator('tbody button').first().click();
  await expect(page).toHaveURL(/at=/);
  const at = /at=([\d.]+),([\d.]+)/.exec(decodeURIComponent(page.url()))!;
  await page.locator('#coverage-extra').fill(`${at[1]}, ${at[2]}`);
  await page.locator('#coverage-extra').press('Enter');
  await expect(page.locator('.compare .sum')).toContainText(/\+\d/, { timeout: 60_000 });
  await expect(
    page
      .locator('.coverage')
      .getByText(/Rispettato:|Non rispettato:|Non verificabile:/)
      .first(),
  ).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/Con ipotesi diverse/)).toBeVisible();
  // Each number says how it was computed, each in its own words.
  await expect(page.locator('.coverage .loading')).toHaveCount(0, { timeout: 60_000 });
  const said = new Set<string>();
  for (const section of ['Per età', 'Comuni', 'Chi resta escluso', 'Perché tanto tempo?', 'Che cosa cambierebbe?', 'Norme e standard']) {
    const how = page.locator('.coverage section', { has: page.getByRole('heading', { level: 3, name: section }) }).locator('details.how');
    await how.locator('summary').click();
    said.add((await how.locator('.body > p').first().textContent())!);
  }
  expect(said.size).toBe(6);
  const names = await page.locator('.coverage details.how > summary').evaluateAll((all) => all.map((e) => e.textContent));
  expect(new Set(names).size).toBe(names.length);
  const whole = page.locator('.answer > details.how');
  await whole.locator('summary').click();
  await expect(whole).toContainText('quota = persone');
  await expect(whole).toContainText('versione');
  await expect(whole).toContainText('Direzioni di movimento');
  await expect(whole).toContainText('da casa al punto di servizio');
  await page.locator('.range summary').click();
  await expect(page.locator('.range details')).toContainText('velocità più basse e più alte');
  expect(await violations(page)).toEqual([]);
  await shot(page, 'coverage-extra');
});

for (const [size, lang] of [
  [{ width: 1280, height: 800 }, 'it'],
  [{ width: 390, height: 844 }, 'en'],
] as const) {
  test(`by keyboard alone: asked, read, compared, journeys told, ${size.width}, ${lang}`, async ({ page }) => {
    test.slow();
    await page.setViewportSize(size);
    await ask(page, lang);
    const it = lang === 'it';
    await page.locator('#coverage-people').focus();
    const seen: string[] = [];
    for (let i = 0; i < 40; i++) {
      seen.push(await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim().slice(0, 30) || ''));
      await page.keyboard.press('Tab');
    }
    for (const id of ['coverage-people', 'coverage-service', 'coverage-profile', 'coverage-minutes']) expect(seen).toContain(id);
    await page.locator('#coverage-minutes').focus();
    await page.keyboard.press('Home');
    await expect(page.locator('#coverage-headline')).toContainText(it ? '5 minuti' : '5 minutes');
    await page.keyboard.press('End');
    await expect(page.locator('#coverage-headline')).toContainText(it ? '90 minuti' : '90 minutes');
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft');
    await expect(page.locator('#coverage-headline')).toContainText(it ? '30 minuti' : '30 minutes');
    // The map by the arrows of a choice, a list by its letters.
    await page.locator('input[name=coverage-view][value=times]').focus();
    await page.keyboard.press('ArrowDown');
    await expect(page.locator('input[name=coverage-view][value=areas]')).toBeChecked();
    await page.locator('#coverage-compare').focus();
    await page.keyboard.type(it ? 'un altro modo' : 'another way');
    await expect(page.locator('.compare .sum')).toBeVisible({ timeout: 60_000 });
    const left = page
      .locator('.coverage section', { hasText: it ? 'Chi resta escluso' : 'Who is left out' })
      .locator('tbody button')
      .first();
    await expect(left).toBeVisible({ timeout: 60_000 });
    await left.focus();
    await page.keyboard.press('Enter');
    await expect(left).toHaveAttribute('aria-pressed', 'true');
    await expect(page.locator('.journey ol li').first()).toBeVisible({ timeout: 60_000 });
    // The focus stays where the reader is.
    await expect(left).toBeFocused();
    const how = page.locator('.journey details.how');
    await how.locator('summary').focus();
    await page.keyboard.press('Enter');
    await expect(how).toHaveAttribute('open', '');
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  });
}

test('a computation can be stopped, and a failure says what to do', async ({ page, watch }) => {
  watch.allow(/Failed to load resource/);
  await page.route('**/processes/coverage-explore/execution', (r) =>
    r.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Service Unavailable', status: 503, detail: 'busy', hint: 'try again soon' }),
    }),
  );
  await openTask(page, 'it', 'coverage', `&t=${await root(page)}`);
  await expect(page.locator('.problem')).toContainText('try again soon');
  expect(await violations(page)).toEqual([]);
  await page.unroute('**/processes/coverage-explore/execution');
  await page.locator('.problem button').first().click();
  await expect(answer(page)).toBeVisible({ timeout: 60_000 });
});
