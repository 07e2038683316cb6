import { describe, expect, test } from 'vitest';
import { Translator } from '../../src/lib/i18n/translate';
import { minutes, setting, site, siteChange, type Compared } from '../../src/tasks/reports/texts';

const it = new Translator('it');
const en = new Translator('en');
const plain = (s: string) => s.replaceAll('\u00a0', ' ');

describe('the minutes of a report', () => {
  test('are read as people write them', () => {
    expect(minutes('15, 30, 60')).toEqual([15, 30, 60]);
    expect(minutes(' 60;15 30 15 ')).toEqual([15, 30, 60]);
    expect(minutes('240')).toEqual([240]);
  });
  test.each(['', '0', '241', '15m', '1.5', '-5', '15,x', '1 2 3 4 5 6 7'])('%j is refused', (text) => {
    expect(minutes(text)).toEqual([]);
  });
});

describe('what changed between two reports', () => {
  type Sited = NonNullable<Compared['siting']>[number];
  const point = (name: string, newly_within: number): Sited['a']['point'] =>
    ({
      id: 'x',
      name,
      lon: 9,
      lat: 44,
      area_name: 'Corva',
      newly_within,
      newly_reached: 0,
      person_hours_saved: 1,
      covered_after: 0.5,
    }) as Sited['a']['point'];
  const sited = (a: Sited['a']['point'], b: Sited['b']['point'], same: boolean, distance_m?: number): Sited => ({
    service: 's',
    profile: 'walking',
    objective: 'cover',
    threshold_s: 900,
    a: { share_now: 0.4, point: a },
    b: { share_now: 0.4, point: b },
    same,
    ...(distance_m === undefined ? {} : { distance_m }),
  });

  test.each<[Sited, string, string]>([
    [sited(point('Pra', 1234), point('Pra', 1234), true), 'il posto migliore è ancora Pra (Corva)', '1,234 more people within the time, as before'],
    [sited(point('Pra', 1234), point('Pra', 20), true), 'porterebbe altre 20 persone entro il tempo; prima erano 1.234.', 'before it was 1,234.'],
    [
      sited(point('Pra', 10), point('Alta Corva', 20), false, 2350),
      'era Pra (Corva), ora è Alta Corva, a 2,4 km',
      'now it is Alta Corva, 2.4 km away',
    ],
    [sited(null, point('Pra', 20), false), 'ora Pra (Corva) porterebbe altre 20', 'now Pra (Corva) would bring 20'],
    [sited(point('Pra', 20), null, false), 'ora nessun posto', 'now no place'],
    [sited(null, null, false), 'né prima né ora', 'neither before nor now'],
  ])('the best place for one more point (%#)', (s, italian, english) => {
    expect(plain(siteChange(it, s, 'Farmacie, a piedi'))).toContain(italian);
    expect(plain(siteChange(en, s, 'Pharmacies, on foot'))).toContain(english);
  });

  test('a point without a name of its own is called in the language of the page', () => {
    const p = { ...point('Pharmacy without a name, near Pra', 1)!, names: { it: 'Farmacia senza nome, presso Pra' } };
    expect(site(it, p)).toBe('Farmacia senza nome, presso Pra (Corva)');
    expect(site(it, null)).toBe('');
  });

  test('settings are told in words, else as they are', () => {
    const s = { service: 's', profile: 'p', parameter: 'season-closed', a: '', b: '12345' };
    expect(setting(it, s)).toEqual({ name: 'season-closed', a: '–', b: '12345' });
    const worded = { ...s, label: { it: 'Celle chiuse' }, text_a: { it: 'nessuno' }, text_b: { it: '12.345' } };
    expect(setting(it, worded)).toEqual({ name: 'Celle chiuse', a: 'nessuno', b: '12.345' });
  });
});
