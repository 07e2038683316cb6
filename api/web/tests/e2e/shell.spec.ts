// What holds the page together: addresses, navigation, keyboard, connection.
import { anyTerritory, base, choose, drawn, expect, open, openTask, still, test, turnTo } from './page';

test('each task has an address, and "back" goes back', async ({ page }) => {
  await open(page, 'it');
  const { root, code } = await anyTerritory(page);
  await choose(page, root);
  await expect.poll(() => page.url()).toContain(`#/places?t=${code}&lang=it`);
  for (const [name, task] of [
    ['Carta', 'map'],
    ['Copertura', 'coverage'],
    ['Dati', 'data'],
  ] as const) {
    await page.locator('#tasks').getByRole('link', { name }).click();
    await expect(page.locator(`#panel.task-${task}`)).toBeVisible();
    await expect(page.locator('#tasks [aria-current=page]')).toHaveText(name);
    await expect.poll(() => page.url()).toContain(`#/${task}?t=${code}`);
    await expect(page).toHaveTitle(`${name} – Contado`);
  }
  await expect(page.locator('#map')).toBeHidden();
  await page.goBack();
  await expect(page.locator('#panel.task-coverage')).toBeVisible();
  await expect(page.locator('#map')).toBeVisible();
  await page.goBack();
  await page.goBack();
  await expect(page.locator('#panel.task-places h2').first()).toHaveText(root);
  await page.goForward();
  await expect(page.locator('#panel.task-map')).toBeVisible();
});

test('links of the first versions of the page still work', async ({ page }) => {
  const { root, code } = await anyTerritory(page);
  await page.goto(`${base()}/#t=${encodeURIComponent(code)}&v=coverage&lang=en`);
  await expect(page.locator('#panel.task-coverage')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect.poll(() => page.url()).toContain(`#/coverage?t=${code}`);
  await page.goto('about:blank');
  await page.goto(`${base()}/#t=${encodeURIComponent(code)}`);
  await expect(page.locator('#panel.task-places h2').first()).toHaveText(root);
});

test('nonsense in the address opens the first task', async ({ page, watch }) => {
  watch.allow(/404/);
  await page.goto(`${base()}/#/nothing?t=%3Cb%3Ex&m=9/9/9/9/9/9&lang=xx`);
  await expect(page.locator('#panel.task-places')).toBeVisible();
  await expect(page.getByRole('alert').first()).toBeVisible();
});

test('the place where the map was moved to is in the address, and a link goes there', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await openTask(page, 'it', 'map');
  await drawn(page);
  expect(page.url()).not.toContain('m=');
  const box = (await page.locator('#map canvas').first().boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 - 120, box.y + box.height / 2 - 60, { steps: 6 });
  await page.mouse.up();
  await expect.poll(() => page.url(), { timeout: 15_000 }).toMatch(/[?&]m=[\d.]+\/[\d.-]+\/[\d.-]+/);
  const wanted = /m=([^&]+)/.exec(page.url())![1]!;
  await page.reload();
  await drawn(page);
  await expect.poll(() => /m=([^&]+)/.exec(page.url())?.[1]).toBe(wanted);
});

test('a click on the map opens the municipality there', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await openTask(page, 'it', 'places');
  await drawn(page);
  const asked = page.waitForResponse((r) => r.url().includes('/territories?at='));
  const box = (await page.locator('#map canvas').first().boundingBox())!;
  await page.mouse.click(box.x + box.width / 2 + 40, box.y + box.height / 2 + 20);
  const found = ((await (await asked).json()) as { territories: { name: string }[] }).territories.map((t) => t.name);
  expect(found.length).toBeGreaterThan(0);
  await expect(page.locator('#panel h2').first()).toHaveText(new RegExp(found.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')));
});

test('the language changes everything and is remembered', async ({ page }) => {
  await open(page, 'it');
  await expect(page.locator('#tasks [aria-current=page]')).toHaveText('Luoghi');
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.locator('#tasks [aria-current=page]')).toHaveText('Places');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.goto('about:blank');
  await page.goto(`${base()}/`);
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
});

test('by keyboard alone: skip links, tasks, search, and a focus that is always seen', async ({ page }) => {
  test.setTimeout(180_000);
  await page.setViewportSize({ width: 1280, height: 800 });
  await openTask(page, 'it', 'places');
  await page.keyboard.press('Tab');
  await expect(page.locator(':focus')).toHaveText('Vai alla scheda del territorio');
  await page.keyboard.press('Enter');
  await expect(page.locator('#panel')).toBeFocused();
  await page.locator('.brand').focus();

  // From the name of the page to its foot: each stop is visible and marked.
  const stops: string[] = [];
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const e = document.activeElement as HTMLElement | null;
      if (!e || e === document.body) return null;
      const r = e.getBoundingClientRect();
      const shape = e.matches('.visually-hidden, input[type=checkbox], input[type=radio]') ? (e.closest('label') ?? e) : e;
      const marked = [e, shape].some((x) => getComputedStyle(x).outlineStyle !== 'none');
      const inside = r.bottom > 0 && r.right > 0 && r.top < innerHeight && r.left < innerWidth;
      return {
        what: `${e.tagName} ${e.textContent?.trim().slice(0, 30) || e.getAttribute('aria-label') || e.id}`,
        marked,
        inside,
        foot: e.closest('footer') !== null,
      };
    });
    if (!stop) break;
    expect(stop.marked, `${stop.what} shows the focus`).toBe(true);
    expect(stop.inside, `${stop.what} is in the window`).toBe(true);
    stops.push(stop.what);
    if (stop.foot) break;
  }
  expect(stops.length).toBeGreaterThan(12);
  expect(stops.some((s) => s.includes('Copertura'))).toBe(true);
  expect(
    stops.some((s) => s.startsWith('CANVAS')),
    stops.join('; '),
  ).toBe(true);
  expect(stops.at(-1)).toMatch(/^A /);

  await page.locator('#tasks').getByRole('link', { name: 'Dati' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('#panel.task-data')).toBeVisible();
});

test('a lost connection is said, and its return', async ({ page, context, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED/);
  await openTask(page, 'it', 'places');
  await context.setOffline(true);
  await expect(page.getByText('Il server non risponde: quel che vedi resta')).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText('Il collegamento è tornato.')).toBeVisible();
});

test('a part of the page that cannot be loaded says so', async ({ page, watch }) => {
  watch.allow(/ERR_FAILED|Failed to (load|fetch)/);
  await openTask(page, 'it', 'places');
  await page.route(/assets\/Task|tasks\/about/, (r) => r.abort());
  await page.getByRole('link', { name: 'Accessibilità' }).click();
  await expect(page.locator('#panel').getByRole('alert')).toContainText('Questa pagina non si è aperta');
  await expect(page.locator('#panel').getByRole('button', { name: 'Riprova' })).toBeVisible();
});

test('no task asks anything of another server, and no style attribute is needed', async ({ page, watch }) => {
  test.setTimeout(200_000);
  const asked: string[] = [];
  page.on('request', (r) => asked.push(r.url()));
  const { code } = await anyTerritory(page);
  let go = openTask;
  for (const task of ['places', 'map', 'area', 'coverage', 'reports', 'data', 'about']) {
    await go(page, 'it', task, `&t=${encodeURIComponent(code)}`);
    await still(page);
    go = turnTo;
  }
  expect(asked.length).toBeGreaterThan(30);
  expect(watch.outside).toEqual([]);
  expect(asked.filter((u) => u.includes('.woff2')).length).toBeGreaterThan(0);
});
