// What people do with the page.
import { anyTerritory, base, choose, drawn, expect, open, test } from './page';

test('the language changes everything and is remembered', async ({ page }) => {
  await open(page, 'it');
  const { root } = await anyTerritory(page);
  await choose(page, root);
  await expect(page.getByRole('tab').first()).toHaveText('Scheda');
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.getByRole('tab').first()).toHaveText('Profile');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.goto(`${base()}/`);
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
});

test('a territory is found by keyboard alone', async ({ page }) => {
  await open(page, 'it');
  const { leaf } = await anyTerritory(page);
  await page.locator('#territory').focus();
  await page.keyboard.type(leaf);
  await expect(page.getByRole('option').filter({ hasText: leaf }).first()).toBeVisible();
  await expect(page.locator('#territory')).toHaveAttribute('aria-activedescendant', 'territory-0');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page.locator('#panel h2')).toContainText(leaf);
  await expect(page.locator('.profile')).toBeVisible();
  await expect(page.getByRole('listbox')).toBeHidden();
  // The address holds the choice.
  await page.reload();
  await expect(page.locator('#panel h2')).toContainText(leaf);
});

test('a click on the map opens the municipality there', async ({ page }) => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await open(page, 'it');
  await drawn(page);
  await page.evaluate(() => history.replaceState(null, '', '/'));
  const asked = page.waitForResponse((r) => r.url().includes('/territories?at='));
  const box = (await page.locator('.map').boundingBox())!;
  await page.mouse.click(box.x + (320 + box.width) / 2, box.y + box.height / 2 - 12);
  const found = ((await (await asked).json()) as { territories: { name: string }[] }).territories.map((t) => t.name);
  expect(found.length).toBeGreaterThan(0);
  await expect(page.locator('#panel h2')).toHaveText(new RegExp(found.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')));
  await expect(page.locator('.profile')).toBeVisible();
});

test('coverage: ask, read, look at a gap, open the report', async ({ page }) => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await open(page, 'it');
  const { root } = await anyTerritory(page);
  await choose(page, root);
  await page.getByRole('tab').nth(1).click();
  await page.getByLabel('Come ci si muove').selectOption('walking-elderly');
  await page.getByRole('checkbox', { name: '45', exact: true }).check({ force: true });
  const [request] = await Promise.all([page.waitForRequest((r) => r.method() === 'POST'), page.locator('form button[type=submit]').click()]);
  expect(request.postDataJSON()).toMatchObject({ inputs: { profile: 'walking-elderly', thresholds: ['15m', '30m', '45m', '60m'] } });
  await expect(page.locator('.headline strong')).toHaveText(/^[<>]?\d{1,3}(,\d)?\u00a0%$/, { timeout: 60_000 });
  await expect(page.locator('.result [role=status]')).not.toBeEmpty();

  // The map, the headline and the table follow the chosen time.
  const first = await page.locator('.headline strong').textContent();
  await page.getByRole('radio').last().check({ force: true });
  await expect(page.locator('.headline')).toContainText('1\u00a0ora');
  const rows = page.locator('.result tbody tr');
  expect(await rows.count()).toBeGreaterThan(0);
  expect(first).toBeTruthy();

  const gap = page.locator('.result ol button').first();
  if (await gap.count()) {
    await gap.click();
    await expect(gap).toHaveAttribute('aria-pressed', 'true');
  }
  const link = page.getByRole('link', { name: 'Da stampare' });
  const href = (await link.getAttribute('href'))!;
  expect(href).toMatch(/^\/reports\/[a-z0-9-]+\.html\?lang=it$/);
  expect((await page.request.get(base() + href)).status()).toBe(200);
});

test('a long computation shows its progress and can be given up', async ({ page }) => {
  let dismissed = false;
  await page.route('**/processes/coverage-report/execution', (r) =>
    r.fulfill({ status: 201, json: { jobID: 'slow', status: 'accepted' }, headers: { Location: '/jobs/slow' } }),
  );
  await page.route('**/jobs/slow', (r) => {
    if (r.request().method() === 'DELETE') dismissed = true;
    return r.fulfill({ json: { jobID: 'slow', status: 'running', progress: 42 } });
  });
  await open(page, 'it');
  const { root } = await anyTerritory(page);
  await choose(page, root);
  await page.getByRole('tab').nth(1).click();
  await page.locator('form button[type=submit]').click();
  await expect(page.getByRole('progressbar')).toHaveAttribute('value', '42');
  await page.getByRole('button', { name: 'Annulla' }).click();
  await expect(page.getByText('Calcolo annullato.')).toBeVisible();
  await expect.poll(() => dismissed).toBe(true);
});

test('layers: off, on, opacity, image dates', async ({ page }) => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await open(page, 'it');
  await drawn(page);
  const list = page.locator('#layer-list > li');
  const imagery = list.filter({ hasText: 'Immagini' }).first();
  if (await imagery.count()) {
    await imagery.getByRole('checkbox').check();
    await imagery.getByRole('button').click();
    const dates = imagery.getByRole('combobox');
    if (await dates.count()) {
      const id = (await dates.locator('option').nth(1).getAttribute('value'))!;
      const tile = page.waitForRequest((r) => r.url().includes('.png') && r.url().includes(`item=${encodeURIComponent(id)}`));
      await dates.selectOption(id);
      await tile;
    }
  }
  const first = list.first();
  await first.getByRole('checkbox').uncheck();
  await first.getByRole('checkbox').check();
  await first.getByRole('button').click();
  await first.getByRole('slider').fill('0.5');
  await expect(first.getByRole('slider')).toHaveAttribute('aria-valuetext', /^50/);
});
