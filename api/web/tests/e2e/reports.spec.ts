// The reports task: the list, one report with its files and data, asking
// again, checking, comparing, a new report, taking one away; at desktop and
// phone size, in both languages, by mouse and by keyboard.
import type { Page } from '@playwright/test';
import { base, expect, openTask, overflow, shot, still, test, violations } from './page';

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;

const words = {
  it: {
    title: 'Rapporti',
    read: 'Leggi il rapporto',
    brief: 'Il risultato in breve',
    verify: 'Verifica',
    same: /Confermato/,
    back: 'Tutti i rapporti',
    search: 'Cerca per servizio, territorio o titolo',
    compare: 'Confronta i due scelti',
    changed: 'Che cosa è cambiato',
    nothing: 'Nessun rapporto corrisponde alla ricerca.',
    new: 'Nuovo rapporto',
    make: 'Prepara il rapporto',
    remove: 'Elimina…',
    yes: 'Sì, elimina',
    no: 'No, conserva',
    again: 'Ricalcola e confronta',
    fresh: /il rapporto è già aggiornato/,
    thousands: /\d\.\d{3}/,
  },
  en: {
    title: 'Reports',
    read: 'Read the report',
    brief: 'The result in brief',
    verify: 'Check',
    same: /Confirmed/,
    back: 'All reports',
    search: 'Search by service, territory or title',
    compare: 'Compare the two chosen',
    changed: 'What changed',
    nothing: 'No report matches the search.',
    new: 'New report',
    make: 'Make the report',
    remove: 'Delete…',
    yes: 'Yes, delete',
    no: 'No, keep it',
    again: 'Compute and compare',
    fresh: /the report is up to date/,
    thousands: /\d,\d{3}/,
  },
} as const;

/** make has the server keep a report that this test can do with as it likes. */
async function make(page: Page, id: string, minutes: number[]): Promise<void> {
  const territories = (await (await page.request.get(`${base()}/territories`)).json()) as { territories: { code: string }[] };
  const service = (await (await page.request.get(`${base()}/collections`)).json()) as { collections: { id: string; contado: { role: string } }[] };
  await page.request.delete(`${base()}/reports/${id}`);
  const r = await page.request.post(`${base()}/processes/coverage-report/execution`, {
    timeout: 120_000,
    data: {
      inputs: {
        territory: territories.territories[0]!.code,
        service: (service.collections.find((c) => c.id === 'pharmacy') ?? service.collections.find((c) => c.contado.role === 'service'))!.id,
        profile: 'straight-line',
        thresholds: minutes.map((m) => `${m}m`),
        report_id: id,
        title: `E2E ${id}`,
      },
    },
  });
  expect(r.ok(), await r.text()).toBe(true);
}

async function sound(page: Page, name: string): Promise<void> {
  await still(page);
  expect(await violations(page), name).toEqual([]);
  expect(await overflow(page), name).toBeLessThanOrEqual(0);
  await page.screenshot({ path: `test-results/reports-${name}.png`, fullPage: true });
}

for (const [size, viewport] of Object.entries(sizes)) {
  for (const lang of ['it', 'en'] as const) {
    test.describe(`${size}, ${lang}`, () => {
      test.use({ viewport });
      test.setTimeout(240_000);
      const w = words[lang];
      const id = `e2e-${size}-${lang}`;

      test('from the list to a report, its numbers checked, compared, asked again, taken away', async ({ page }) => {
        await make(page, `${id}-a`, [15, 60]);
        await make(page, `${id}-b`, [30, 60]);
        await openTask(page, lang, 'reports');
        await expect(page.getByRole('heading', { level: 2, name: w.title })).toBeVisible();
        await expect(page.getByRole('table')).toContainText(`E2E ${id}-a`);
        await sound(page, `list-${size}-${lang}`);

        // Words narrow the list, and the address keeps them.
        await page.getByLabel(w.search).fill('zzzz');
        await expect(page.getByText(w.nothing)).toBeVisible();
        await sound(page, `nothing-${size}-${lang}`);
        await page.getByLabel(w.search).fill(id);
        await expect(page.getByRole('row')).toHaveCount(3);
        await expect.poll(() => page.url()).toContain(`q=${id}`);

        // Two are compared.
        for (const box of await page.getByRole('table').getByRole('checkbox').all()) await box.check();
        await page.getByRole('button', { name: w.compare }).click();
        await expect(page.getByRole('heading', { level: 2, name: w.changed })).toBeFocused();
        await expect(page.locator('.headline')).toHaveText(/\d\s?%/);
        await sound(page, `change-${size}-${lang}`);
        await page.goBack();
        await openTask(page, lang, 'reports', `&r=${id}-a`);

        // One report: files, brief, data.
        await expect(page.getByRole('link', { name: w.read })).toHaveAttribute('href', `/reports/${id}-a.html?lang=${lang}`);
        await expect(page.getByRole('heading', { name: w.brief })).toBeVisible();
        await expect(page.getByRole('table').first()).toContainText(w.thousands);
        await sound(page, `report-${size}-${lang}`);
        for (const ending of ['html', 'csv', 'xlsx', 'zip', 'gpkg', 'json']) {
          const file = await page.request.get(`${base()}/reports/${id}-a.${ending}`);
          expect(file.status(), ending).toBe(200);
        }

        // By keyboard alone: check the numbers, ask again.
        await page.getByRole('button', { name: w.verify, exact: true }).focus();
        await page.keyboard.press('Enter');
        await expect(page.getByText(w.same)).toBeVisible({ timeout: 120_000 });
        await page.getByRole('button', { name: w.again }).focus();
        await page.keyboard.press('Enter');
        await expect(page.getByText(w.fresh)).toBeVisible({ timeout: 120_000 });
        await sound(page, `checked-${size}-${lang}`);

        // Taken away, after a question.
        const remove = page.getByRole('button', { name: w.remove });
        if (await remove.isVisible()) {
          await remove.focus();
          await page.keyboard.press('Enter');
          // The question has the focus, on the answer that does no harm.
          await expect(page.getByRole('button', { name: w.no })).toBeFocused();
          await page.getByRole('button', { name: w.yes }).click();
          await expect(page.getByText(`E2E ${id}-a`)).toHaveCount(0);
          expect((await page.request.get(`${base()}/reports/${id}-a.json`)).status()).toBe(404);
          await page.request.delete(`${base()}/reports/${id}-b`);
        }
      });
    });
  }
}

for (const [size, lang] of [
  ['desktop', 'it'],
  ['phone', 'en'],
] as const) {
  test(`a new report ${size === 'desktop' ? 'by one click' : 'by keyboard alone'}, with its progress, ${size}, ${lang}`, async ({ page }) => {
    test.setTimeout(240_000);
    await page.setViewportSize(sizes[size]);
    const w = words[lang];
    const mouse = size === 'desktop';
    await openTask(page, lang, 'reports');
    const open = page.getByText(w.new, { exact: true });
    if (mouse) await open.click();
    else {
      await page.locator('details.new > summary').focus();
      await page.keyboard.press('Enter');
    }
    await expect(page.locator('#new-place option').first()).toBeAttached();
    for (const p of ['straight-line', 'walking']) {
      if (mouse) await page.locator(`label[for="new-p-${p}"]`).click();
      else {
        await page.locator(`#new-p-${p}`).focus();
        await page.keyboard.press('Space');
      }
    }
    await expect(page.locator('#new-p-straight-line')).toBeChecked();
    await expect(page.locator('#new-p-walking')).not.toBeChecked();
    await page.locator('#new-times').fill('soon');
    await expect(page.getByRole('button', { name: w.make })).toBeDisabled();
    await page.locator('#new-times').fill('10, 30');
    await page.locator('#new-ranges').focus();
    await page.keyboard.press('Space');
    await sound(page, `new-${size}`);
    if (mouse) await page.getByRole('button', { name: w.make }).click();
    else await page.locator('#new-times').press('Enter');
    await expect(page.getByRole('heading', { name: w.brief })).toBeVisible({ timeout: 180_000 });
    // The reader goes on at the report.
    await expect(page.getByRole('heading', { level: 2 })).toBeFocused();
    await shot(page, `reports-made-${size}`);
  });
}

test('a report that is not there, and a server that does not answer, are said plainly', async ({ page, watch }) => {
  watch.allow(/404|Failed to load resource/);
  await openTask(page, 'it', 'reports', '&r=there-is-none');
  await expect(page.getByRole('alert')).toContainText('Questo rapporto non c’è');
  await sound(page, 'absent');
  await page.route('**/reports?*', (r) => r.abort());
  await openTask(page, 'en', 'reports');
  await expect(page.getByRole('alert')).toBeVisible();
  await sound(page, 'offline');
});
