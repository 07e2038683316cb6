import { base, expect, open, overflow, shot, test, violations } from './page';

const sizes = [
  { name: 'desktop', width: 1280, height: 800 },
  { name: 'phone', width: 360, height: 740 },
];

const spoken = {
  it: {
    found: 'Luogo trovato',
    take: 'Togli il segno dalla carta',
    none: 'Nessun luogo per',
    browse: 'Sfoglia i territori',
    people: /\d persone/,
  },
  en: {
    found: 'Place found',
    take: 'Take the mark off the map',
    none: 'There is no place for',
    browse: 'Browse territories',
    people: /\d people/,
  },
} as const;

interface Listed {
  territories: { code: string; name: string; people?: number }[];
}

for (const size of sizes) {
  for (const lang of ['it', 'en'] as const) {
    test(`the page of a territory, ${size.name} ${lang}`, async ({ page }) => {
      await page.setViewportSize(size);
      const some = (await (await page.request.get(`${base()}/territories?level=municipality&limit=1&people=true`)).json()) as Listed;
      const one = some.territories[0]!;
      await open(page, lang, `&t=${one.code}`);
      await expect(page.locator('#panel h2')).toHaveText(one.name);
      const people = new Intl.NumberFormat(lang === 'it' ? 'it-IT' : 'en-GB', { useGrouping: 'always' } as Intl.NumberFormatOptions).format(
        Math.round(one.people!),
      );
      await expect(page.locator('.profile dd').first()).toHaveText(people);
      // Ages by sex: a pyramid that says what it shows, and its numbers.
      await expect(page.getByRole('img', { name: lang === 'it' ? /^Piramide delle età di/ : /^Age pyramid of/ })).toBeVisible();
      const ages = page.getByRole('table', { name: lang === 'it' ? /età e sesso/ : /age and sex/ });
      await expect(ages.locator('tbody tr')).toHaveCount(8);
      await expect(ages.locator('tfoot')).toContainText(people);
      const picture = page.locator('.profile figure img');
      await picture.scrollIntoViewIfNeeded();
      await expect(picture).toHaveJSProperty('complete', true);
      await expect.poll(() => picture.evaluate((i: HTMLImageElement) => i.naturalWidth)).toBeGreaterThan(200);
      expect((await picture.getAttribute('alt'))!.length).toBeGreaterThan(30);
      // Each number says how it came about.
      expect(await page.locator('.profile details.how').count()).toBeGreaterThanOrEqual(6);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
      await page.locator('#panel').evaluate((e) => e.scrollTo(0, 0));
      await shot(page, `places-${size.name}-${lang}`);
    });
  }

  const lang = size.name === 'desktop' ? 'it' : 'en';
  const w = spoken[lang];

  test(`a place is found by name and by coordinates, ${size.name} ${lang}`, async ({ page }) => {
    await page.setViewportSize(size);
    await open(page, lang);
    const box = page.getByRole('combobox').first();
    const origin = new URL(page.url()).origin;
    const one = ((await (await page.request.get(`${origin}/territories?level=municipality&limit=5`)).json()) as Listed).territories.at(-1)!;
    // Without capitals, with a slip: two letters of the longest word swapped.
    const longest = one.name.split(/\W+/).sort((a, b) => b.length - a.length)[0]!;
    const slip = one.name.replace(longest, longest.replace(/^(.)(.)(.)/, '$1$3$2')).toLowerCase();
    await box.fill(longest.length > 4 ? slip : one.name);
    await expect(page.getByRole('option').filter({ hasText: one.name }).first()).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await shot(page, `places-search-${size.name}`);
    await box.fill(one.name);
    await expect(page.getByRole('option').first()).toContainText(one.name);
    await page.keyboard.press('ArrowDown');
    await expect(box).toHaveAttribute('aria-activedescendant', 'place-0');
    await page.keyboard.press('Enter');
    await expect(page.locator('#panel h2')).toHaveText(one.name);
    await expect(page).toHaveURL(new RegExp(`t=${one.code}`));

    const hamlet = (
      (await (await page.request.get(`${origin}/places?q=b&kind=place&limit=1`)).json()) as {
        places: { name: string; location: { lon: number; lat: number } }[];
      }
    ).places[0]!;
    const at = (v: number) => (lang === 'it' ? v.toFixed(5).replace('.', ',') : v.toFixed(5)).replace(/0+$/, '');
    await box.fill(`${at(hamlet.location.lat)} ${at(hamlet.location.lon)}`);
    await expect(page.getByRole('option')).toHaveCount(1);
    await page.keyboard.press('Enter');
    const spot = page.getByRole('region', { name: w.found });
    await expect(spot).toContainText(at(hamlet.location.lat));
    await expect(page).toHaveURL(/at=/);
    expect(await violations(page)).toEqual([]);
    // The address alone brings it back.
    await page.reload();
    await expect(spot).toContainText(at(hamlet.location.lat));
    await spot.getByRole('button', { name: w.take }).click();
    await expect(spot).toHaveCount(0);
    await box.fill('xqzxqz');
    await expect(page.getByText(w.none)).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByText(w.none)).toBeHidden();
  });
}

for (const [i, lang] of (['it', 'en'] as const).entries())
  test(`the tree is walked with the keyboard down to the hamlets, ${sizes[i]!.name} ${lang}`, async ({ page }) => {
    const w = spoken[lang];
    await page.setViewportSize(sizes[i]!);
    await open(page, lang);
    await page.getByRole('button', { name: w.browse }).click();
    const tree = page.getByRole('tree');
    const first = tree.getByRole('treeitem').first();
    await expect(first).toHaveAttribute('aria-expanded', 'true');
    await expect(first).toContainText(w.people);
    // One stop of the tab key.
    expect(await tree.locator('[tabindex="0"]').count()).toBe(1);
    await first.focus();
    await page.keyboard.press('ArrowDown');
    const second = tree.getByRole('treeitem').nth(1);
    await expect(second).toBeFocused();
    await page.keyboard.press('ArrowRight');
    await expect(second).toHaveAttribute('aria-expanded', 'true');
    await page.keyboard.press('ArrowRight');
    const municipality = tree.getByRole('treeitem').nth(2);
    await expect(municipality).toBeFocused();
    await expect(municipality).toHaveAttribute('aria-level', '3');
    await page.keyboard.press('Enter');
    await expect(municipality).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('ArrowRight');
    await expect(municipality).toHaveAttribute('aria-expanded', 'true');
    await page.keyboard.press('ArrowRight');
    const hamlet = tree.getByRole('treeitem').nth(3);
    await expect(hamlet).toHaveAttribute('aria-level', '4');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('region', { name: w.found })).toBeVisible();
    await page.keyboard.press('ArrowLeft');
    await expect(municipality).toBeFocused();
    await page.keyboard.press('Home');
    await expect(first).toBeFocused();
    expect(await violations(page)).toEqual([]);
    await shot(page, `places-tree-${sizes[i]!.name}`);
  });

test('the printed page keeps its numbers and leaves the buttons out', async ({ page }) => {
  await page.setViewportSize(sizes[0]!);
  await open(page, 'it');
  await expect(page.locator('.profile')).toBeVisible();
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('button', { name: 'Stampa' })).toBeHidden();
  await expect(page.locator('.profile dl').first()).toBeVisible();
});

test('what the server refuses is said, and can be tried again', async ({ page, watch }) => {
  watch.allow(/500/);
  await page.setViewportSize(sizes[1]!);
  await page.route('**/territories/*/profile', (r) =>
    r.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"title":"Broken","status":500,"detail":"x"}' }),
  );
  await open(page, 'it');
  await expect(page.getByRole('alert')).toContainText('Qualcosa non ha funzionato sul server');
  expect(await violations(page)).toEqual([]);
  await page.unroute('**/territories/*/profile');
  await page.getByRole('button', { name: 'Riprova' }).click();
  await expect(page.locator('.profile')).toBeVisible();
});
