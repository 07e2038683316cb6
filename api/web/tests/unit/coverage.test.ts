import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Map as MapLibre } from 'maplibre-gl';
import { Translator } from '../../src/lib/i18n/translate';
import type { Collection } from '../../src/lib/types';
import { areaFigures, changes, covered, groups, left, members, never as without, people, place, share } from '../../src/tasks/coverage/figures';
import type { BandCounts, Counts, CountRow } from '../../src/tasks/coverage/model';
import { atLeast, classOf, lacking, shareOf, some } from '../../src/tasks/coverage/isolation';
import { retile } from '../../src/tasks/coverage/layers';
import { clock, countText, groupName, legText, shareText, sides } from '../../src/tasks/coverage/names';
import { seasons, ways } from '../../src/tasks/coverage/options';
import { pointColor, shareExpression } from '../../src/tasks/coverage/paint';
import { question } from '../../src/tasks/coverage/question.svelte';
import { sentence, valueOf } from '../../src/tasks/coverage/sentences';
import { changed, limits, never, noGround, outside, paint, paintChange, painted, palette, Tiles, type Wanted } from '../../src/tasks/coverage/times';

const plain = (s: string): string => s.replaceAll('\u00a0', ' ');
const it = new Translator('it');

/** rows of covered people at rising steps; null is hidden */
function counts(population: number | null, ...values: (number | null)[]): Counts {
  const coverage = values.map<CountRow>((v, i) =>
    v === null || population === null
      ? { threshold_s: 300 * (i + 1), covered: null, uncovered: null, unreachable: null, share: null, suppressed: true }
      : { threshold_s: 300 * (i + 1), covered: v, uncovered: population - v, unreachable: 0, share: v / population },
  );
  return { population, coverage, ...(population === null ? { suppressed: true } : {}) };
}

describe('hidden numbers', () => {
  const c = counts(100, 10, null, null, 60, null);

  test('lie between those around them', () => {
    expect(covered([c], 0, 3)).toEqual({ low: 10, high: 10 });
    expect(covered([c], 1, 3)).toEqual({ low: 10, high: 60 });
    expect(covered([c], 4, 3)).toEqual({ low: 60, high: 100 });
    expect(share([c], 2, 3)).toEqual({ low: 0.1, high: 0.6 });
    expect(left([c], 4, 3)).toEqual({ low: 0, high: 40 });
  });

  test('of a hidden population are below the limit', () => {
    expect(people([counts(null, null)], 3)).toEqual({ low: 1, high: 2 });
    expect(people([counts(null, null)], 5)).toEqual({ low: 1, high: 4 });
  });

  test('add up as bounds', () => {
    expect(covered([c, counts(50, 5, 6, 7, 8, 9)], 2, 3)).toEqual({ low: 17, high: 67 });
  });

  test('are written as such', () => {
    expect(countText({ low: 0, high: 2 }, it)).toBe('<3');
    expect(countText({ low: 1234, high: 1240 }, it)).toBe('1.234–1.240');
    expect(countText({ low: 12345, high: 12345 }, it)).toBe('12.345');
    expect(plain(shareText({ low: 0.62, high: 0.62 }, it))).toBe('62,0 %');
    expect(plain(shareText({ low: 0.5, high: 0.75 }, it))).toContain('–');
    expect(shareText(null, it)).toBe('nessun abitante');
  });
});

describe('groups of people', () => {
  const band = (name: string, ...v: number[]): BandCounts => ({ band: name, ...counts(100, ...v) });
  const bands = [band('age_0_2', 1), band('age_65_79', 2), band('age_80_plus', 4)];

  test('are everyone, the bands, and the old together', () => {
    expect(groups(bands)).toEqual(['', 'age_0_2', 'age_65_79', 'age_80_plus', '65+']);
    expect(groups(null)).toEqual(['']);
    expect(covered(members(counts(300, 9), bands, '65+')!, 0, 3)).toEqual({ low: 6, high: 6 });
    expect(members(counts(1, 1), bands, 'age_3_5')).toBeNull();
  });

  test('have names', () => {
    expect(groupName('age_80_plus', it)).toBe('80 anni e più');
    expect(groupName('age_3_5', it)).toBe('3–5 anni');
    expect(groupName('65+', it)).toBe('65 anni e più');
  });
});

describe('comparison', () => {
  const area = (code: string, c: Counts) => ({ code, name: code, ...c });
  test('tells who gains', () => {
    const a = areaFigures([area('1', counts(100, 10)), area('2', counts(50, 50))], '', 0, 3);
    const b = areaFigures([area('1', counts(100, 30)), area('2', counts(50, 40))], '', 0, 3);
    const d = changes(a, b);
    expect(d.map((x) => [x.code, x.people, Math.round(x.points! * 100)])).toEqual([
      ['1', 20, 20],
      ['2', -10, -20],
    ]);
    expect(pointColor(d[0]!.points)).not.toBe(pointColor(d[1]!.points));
    expect(shareExpression('pro_com', a)).toEqual([
      'match',
      ['to-string', ['get', 'pro_com']],
      '1',
      expect.any(String),
      '2',
      expect.any(String),
      'rgba(0,0,0,0)',
    ]);
    expect(shareExpression('x', [])).toBe('rgba(0,0,0,0)');
  });
});

describe('a source of tiles', () => {
  test('is given other tiles, not the same again, and may be missing', () => {
    const given: string[][] = [];
    let tiles: string[] | undefined = ['a'];
    const source = { serialize: () => ({ tiles }), setTiles: (t: string[]) => void given.push((tiles = t)) };
    const map = { getSource: (id: string) => (id === 'coverage-times' ? source : undefined) } as unknown as MapLibre;
    for (const t of ['a', 'b', 'b', '', 'c']) retile(map, t);
    expect(given).toEqual([['b'], ['c']]);
    tiles = undefined; // as it was put on the map, before it has begun to load
    retile(map, 'c');
    expect(given.length).toBe(3);
    retile(null, 'd');
    retile({ getSource: () => undefined } as unknown as MapLibre, 'd');
    expect(given.length).toBe(3);
  });
});

describe('tiles of times', () => {
  test('are coloured by inclusive classes', () => {
    expect(limits(30)).toEqual({ within: [10, 20, 30], beyond: 60 });
    const p = palette(30);
    expect(p[10]).toEqual(p[0]);
    expect(p[11]).not.toEqual(p[10]);
    expect(p[30]).toEqual(p[21]);
    expect(p[31]).toEqual(p[60]);
    expect(p[61]).toEqual(p[250]);
    expect(p[outside]![3]).toBe(0);
    expect(p[noGround]).not.toEqual(p[never]);
    const tile = new Uint8Array(256 * 256).fill(outside);
    tile[5] = 5;
    const out = paint(tile, p);
    expect([...out.slice(20, 24)]).toEqual([...p[5]!]);
    expect(out[0]! + out[3]!).toBe(0);
  });

  test('hatch what is never reached', () => {
    const out = paint(new Uint8Array(256 * 256).fill(never), palette(30));
    expect(new Set(Array.from({ length: 64 }, (_, i) => out[4 * i]!)).size).toBe(2);
  });

  test('are compared', () => {
    expect(changed(20, 5)).toBe(-15);
    expect(changed(never, 30)).toBe(-250);
    expect(changed(30, never)).toBe(250);
    expect(changed(never, never)).toBe(0);
    expect(changed(outside, 3)).toBeNull();
    expect(changed(3, noGround)).toBeNull();
    const [a, b] = [new Uint8Array(4).fill(10), new Uint8Array(4).fill(40)];
    expect([...paintChange(a, b).slice(0, 4)]).toEqual([0x8c, 0x3f, 0x04, 255]);
  });

  test('that come late show what is wanted by then', async () => {
    // Each tile comes when it is let come, or fails.
    const waiting = new Map<string, { come: (v: Uint8Array) => void; fail: (e: Error) => void }>();
    const tiles = {
      minutes: (template: string) => new Promise<Uint8Array>((come, fail) => void waiting.set(template, { come, fail })),
    };
    let wanted: Wanted = { a: 'a', b: 'b', minutes: 30 };
    const ask = () =>
      painted(
        () => wanted,
        tiles,
        ['1', '0', '0'],
        (p) => Promise.resolve([...p.slice(0, 4)]),
      );
    const tile = (minutes: number) => new Uint8Array(4).fill(minutes);
    const step = () => new Promise((resolve) => setTimeout(resolve));
    const first = ask();
    waiting.get('a')!.come(tile(10));
    await step();
    // Asked anew while the change is on its way: what comes last is not the change.
    wanted = { a: 'a', b: null, minutes: 30 };
    const second = ask();
    waiting.get('a')!.come(tile(10));
    expect(await second).toEqual([...palette(30)[10]!]);
    waiting.get('b')!.come(tile(40));
    await step();
    waiting.get('a')!.come(tile(10));
    expect(await first).toEqual([...palette(30)[10]!]);
    // A failure counts only for what is still wanted.
    const third = ask();
    wanted = { a: 'c', b: null, minutes: 30 };
    waiting.get('a')!.fail(new Error('down'));
    await step();
    waiting.get('c')!.fail(new Error('down too'));
    await expect(third).rejects.toThrow('down too');
  });

  test('are fetched once, and again after a failure', async () => {
    let asked = 0;
    let fail = true;
    const tiles = new Tiles(() => {
      asked++;
      return fail ? Promise.reject(new Error('down')) : Promise.resolve(new Response(new Uint8Array([7])));
    });
    await expect(tiles.minutes('travel-times/{z}/{x}/{y}.bin?a', '1', '2', '3')).rejects.toThrow('down');
    fail = false;
    expect((await tiles.minutes('travel-times/{z}/{x}/{y}.bin?a', '1', '2', '3'))[0]).toBe(7);
    await tiles.minutes('travel-times/{z}/{x}/{y}.bin?a', '1', '2', '3');
    expect(asked).toBe(2);
  });
});

describe('what can be asked', () => {
  const c = (id: string, role: string, more: object = {}): Collection =>
    ({ id, title: id, contado: { role, kind: 'raster', ...more } }) as unknown as Collection;
  test('hangs on the data', () => {
    expect(ways([])).toEqual(['straight-line']);
    expect(ways([c('l', 'landcover')])).not.toContain('car');
    expect(ways([c('r', 'road')])).toContain('car');
    expect(ways([c('r', 'road')])).not.toContain('bus-and-walk');
    expect(ways([c('r', 'road'), c('t', 'timetable')])).toContain('bus-and-walk');
    expect(seasons([c('snow', 'hazard', { items: [{ datetime: '2025-01-22T00:00:00Z' }] })])).toEqual([
      { value: 'snow:snow@2025-01-22', title: 'snow', date: '2025-01-22' },
    ]);
  });

  test('is in the address and back', () => {
    const q = new URLSearchParams('s=pharmacy&p=car&a=65%2B&n=45&se=snowline%3A1200&w=areas&c=extra~45.9,9.7&at=45.95000,9.70000');
    question.read(q);
    const back = new URLSearchParams();
    question.write(back);
    expect(Object.fromEntries(back)).toEqual(Object.fromEntries(q));
    expect(question.inputs('999')).toEqual({ territory: '999', service: 'pharmacy', profile: 'car', season: ['snowline:1200'] });
    expect(question.other('999', 'Punto nuovo')?.extra).toEqual([{ lon: 9.7, lat: 45.9, name: 'Punto nuovo' }]);
    question.read(new URLSearchParams());
    const none = new URLSearchParams();
    question.write(none);
    expect(none.toString()).toBe('');
    expect(question.inputs('999')).toBeNull();
  });

  test('reads typed coordinates', () => {
    expect(place('45.97, 9.73')).toEqual({ lat: 45.97, lon: 9.73 });
    expect(place('45,97 9,73')).toEqual({ lat: 45.97, lon: 9.73 });
    expect(place('45.97° N, 9.73° E')).toEqual({ lat: 45.97, lon: 9.73 });
    expect(place('12.5 s 3 W')).toEqual({ lat: -12.5, lon: -3 });
    expect(place('95, 9')).toBeNull();
    expect(place('Corva')).toBeNull();
  });

  test('legs are told in the language of the page', () => {
    expect(
      plain(legText({ kind: 'walk', seconds: 60, metres: 80, up_m: 0, down_m: 0, ground: [{ label: 'road or path', share: 0.8, kmh: 5 }] }, it)),
    ).toBe('A piedi: strada o sentiero 80 %');
    expect(legText({ kind: 'drive', seconds: 60, metres: 800, up_m: 0, down_m: 0, name: 'Via Roma', ref: 'SP 3' }, it)).toBe(
      'In auto: SP 3 Via Roma',
    );
  });
});

describe('two answers', () => {
  const catalog = { collections: [] as Collection[], title: (id: string) => ({ pharmacy: 'Farmacie', school: 'Scuole' })[id] ?? id };
  const asked = { service: 'pharmacy', profile: 'walking', season: '' };

  test('are named by what tells them apart', () => {
    expect(sides({ ...asked, compare: 'service', value: 'school' }, catalog, it)).toEqual({ now: 'Farmacie', then: 'Scuole' });
    expect(sides({ ...asked, compare: 'profile', value: 'senior-80' }, catalog, it)).toEqual({ now: 'a piedi', then: 'a piedi, oltre 80 anni' });
    expect(sides({ ...asked, compare: 'season', value: 'snowline:1200' }, catalog, it).now).toBe('con suolo sgombro');
    expect(sides({ ...asked, compare: 'without', value: 'x' }, catalog, it).then).toBe('un punto in meno');
  });

  test('and how they lie on the map are in the address', () => {
    const before = new URLSearchParams('s=pharmacy&c=profile~senior-80&cm=swipe*35&at=46.10000,9.50000&aw=then&k=pharmacy~school');
    question.read(before);
    expect([question.show, question.split, question.then, question.several]).toEqual(['swipe', 35, true, ['pharmacy', 'school']]);
    expect(question.told('999', '')).toMatchObject({ profile: 'senior-80' });
    const after = new URLSearchParams();
    question.write(after);
    expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
    question.read(new URLSearchParams('s=pharmacy&cm=nonsense*x&aw=then'));
    expect([question.show, question.then, question.several]).toEqual(['change', false, null]);
    expect(question.told('999', '')).toMatchObject({ profile: 'walking' });
  });
});

describe('services that are lacking', () => {
  test('are counted from so many on', () => {
    const list = lacking({ people: [50, 30, 15, 5] })!;
    expect(list.map((l) => l.share)).toEqual([0.5, 0.3, 0.15, 0.05]);
    expect([0, 1, 2, 3, 4].map((k) => atLeast(list, k))).toEqual([100, 50, 20, 5, 0]);
    expect([2, 3, 5, 13].map((n) => some(n))).toEqual([2, 2, 3, 7]);
    expect(some(13, 4)).toBe(4);
    expect(shareOf(list, 2)).toBe(0.2);
    expect(shareOf(null, 2)).toBeNull();
  });

  test('are so many or more where classes are merged', () => {
    const list = lacking({ people: [50, 30, 20] }, 2)!;
    expect(list.map((l) => l.orMore)).toEqual([false, false, true]);
    expect(list.map((l) => classOf(l, 4))).toEqual(['none', 'exactly', 'more']);
    expect(lacking({ people: [50, 30, 15, 5] })!.map((l) => classOf(l, 3))).toEqual(['none', 'exactly', 'exactly', 'all']);
    expect(lacking({ people: [50, 50] }, 1)!.map((l) => classOf(l, 3))).toEqual(['none', 'more']);
    expect([1, 2, 3].map((k) => atLeast(list, k))).toEqual([50, 20, null]);
    expect(shareOf(list, 2)).toBe(0.2);
    expect(shareOf(list, 3)).toBeNull();
  });

  test('are not counted from what is hidden', () => {
    expect(lacking({ people: null, suppressed: true })).toBeNull();
    expect(lacking({ people: [50, null, 15] })).toBeNull();
  });
});

describe('journeys by bus', () => {
  const leg = { seconds: 60, metres: 100, up_m: 0, down_m: 0 };

  test('name lines, stops and waits', () => {
    const ride = { ...leg, kind: 'ride', transit: { mode: 'bus', line: '1', headsign: 'Borgo', from: 'Alpe', to: 'Piazza', calls: 4 } };
    expect(legText(ride, it)).toBe('Autobus 1 per Borgo, Alpe → Piazza, 4 fermate');
    expect(legText({ ...ride, transit: { from: 'Alpe', to: 'Piazza', calls: 1 } }, it)).toBe('Autobus: Alpe → Piazza, 1 fermata');
    expect(legText({ ...leg, kind: 'wait', transit: { from: 'Alpe' } }, it)).toBe('Attesa a Alpe');
    expect(legText({ ...leg, kind: 'walk', transit: { to: 'Alpe' } }, it)).toBe('A piedi fino a Alpe');
    expect(legText({ ...leg, kind: 'ride' }, it)).toBe('In bicicletta');
  });

  test('tell the time without seconds', () => {
    expect([clock('07:23:00'), clock('17:05:30'), clock(undefined)]).toEqual(['7:23', '17:05', '']);
  });
});

describe('the method', () => {
  const en = new Translator('en');

  test('is told in Italian by the words of the printed report', () => {
    const go = readFileSync(join(import.meta.dirname, '../../../../geo/coverage/report/sentences.go'), 'utf8');
    const text = (s: string): string => JSON.parse(`"${s}"`) as string;
    const [whole = '', begun = ''] = go.slice(go.indexOf('var italianSentences')).split('// italianBeginnings');
    const pairs = [...whole.matchAll(/"((?:[^"\\]|\\.)+)":\s*"((?:[^"\\]|\\.)+)"/g)].map((m) => [text(m[1]!), text(m[2]!)] as const);
    expect(pairs.length).toBeGreaterThan(20);
    for (const [own, other] of pairs) {
      expect(sentence(own, it)).toBe(other);
      expect(sentence(own, en)).toBe(own);
    }
    const starts = [...begun.matchAll(/\{"((?:[^"\\]|\\.)+)", "((?:[^"\\]|\\.)+)"\}/g)].map((m) => [text(m[1]!), text(m[2]!)] as const);
    expect(starts.length).toBeGreaterThan(0);
    for (const [own, other] of starts) expect(sentence(`${own} (x)`, it)).toBe(`${other} (x)`);
    expect(sentence('something else', it)).toBe('something else');
  });

  test('has values with units, dates and words', () => {
    expect(valueOf({ name: 'cell-size', value: 100, unit: 'm' }, it)).toBe('100\u00a0m');
    expect(valueOf({ name: 'speed-factor', value: 0.886 }, it)).toBe('0,886');
    expect(valueOf({ name: 'direction', value: 'to-facility' }, it)).toBe('da casa al punto di servizio');
    expect(valueOf({ name: 'date', value: '2026-03-04' }, en)).toBe('4 Mar 2026');
    expect(valueOf({ name: 'x', value: true }, it)).toBe('sì');
    expect(valueOf({ name: 'x', value: ['a'] }, en)).toBe('["a"]');
  });
});

describe('those who cannot get there at all', () => {
  const row = (unreachable: number | null, more: Partial<CountRow> = {}): CountRow => ({
    threshold_s: 900,
    covered: 60,
    uncovered: 40 - (unreachable ?? 0),
    unreachable,
    share: 0.6,
    ...more,
  });
  const counts = (...rows: CountRow[]): Counts[] => rows.map((r) => ({ population: 100, coverage: [r] }));

  test('are told, added up, or said to be hidden', () => {
    expect(without(counts(row(0)), 0)).toBe(0);
    expect(without(counts(row(3), row(4)), 0)).toBe(7);
    expect(without(counts(row(3), row(null, { unreachable_suppressed: true })), 0)).toBe('hidden');
    expect(without(counts(row(3), row(null, { suppressed: true })), 0)).toBe(null);
    expect(without(counts(row(3)), 1)).toBe(null);
  });

  test('have words in both languages where they are hidden', () => {
    expect(new Translator('it').t('coverage.never.hidden')).toContain('nascosto');
    expect(new Translator('en').t('coverage.never.hidden')).toContain('hidden');
    expect(new Translator('it').t('coverage.left.together', { mark: '*' })).toContain('«*»');
  });
});
