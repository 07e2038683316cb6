import { afterEach, describe, expect, test, vi } from 'vitest';
import { change } from '../../src/tasks/places/change';
import { pick, usual } from '../../src/tasks/places/coverages';
import { holds } from '../../src/tasks/places/inside';
import { outline } from '../../src/tasks/places/outline';
import { bars, round } from '../../src/tasks/places/pyramid';
import { byAge, bySex, older } from '../../src/tasks/places/sources';
import { degrees, readSpot, spotOf, writeSpot, type Spot } from '../../src/tasks/places/spot';
import type * as State from '../../src/tasks/places/state.svelte';
import type { CoverageRow } from '../../src/lib/types';

describe('a place in an address', () => {
  test('comes back as it went', () => {
    const spots: Spot[] = [
      { kind: 'coordinates', name: '', lon: 7.69, lat: 45.07 },
      { kind: 'place', name: 'Sant’Anna & C.', lon: -7.123456, lat: -45, dataset: 'hamlets', feature: 12 },
      { kind: 'service', name: 'Farmacia', lon: 9, lat: 46.1, dataset: 'pharmacy', feature: 3 },
    ];
    for (const s of spots) {
      const q = new URLSearchParams();
      writeSpot(s, q);
      expect(readSpot(new URLSearchParams(q.toString()))).toEqual(s);
    }
  });

  test('is refused when it is none', () => {
    for (const at of ['', '45.07', '91,7', '45,181', '45.07,7.69,1', 'a,b', '45.07;7.69', 'NaN,1', '1e1,2']) {
      expect(readSpot(new URLSearchParams({ at }))).toBeNull();
    }
    const s = readSpot(new URLSearchParams({ at: '45,7', r: '../x/1', n: 'x'.repeat(500) }));
    expect(s?.dataset).toBeUndefined();
    expect(s?.name.length).toBe(120);
  });

  test('is what was found, unless that is a territory', () => {
    const found = { name: 'A', match: 'exact' as const, inside: [], links: [], location: { lon: 1, lat: 2 } };
    expect(spotOf({ ...found, kind: 'territory', code: '1' })).toBeNull();
    expect(spotOf({ ...found, kind: 'place', location: null })).toBeNull();
    expect(spotOf({ ...found, kind: 'coordinates' })).toEqual({ kind: 'coordinates', name: '', lon: 1, lat: 2 });
    expect(spotOf({ ...found, kind: 'place', dataset: 'd', feature: 4 })).toEqual({
      kind: 'place',
      name: 'A',
      lon: 1,
      lat: 2,
      dataset: 'd',
      feature: 4,
    });
  });

  test('is written with the sides of the earth', () => {
    const n = (v: number, d: number) => v.toFixed(d);
    expect(degrees(45.07, 7.69, n, 'O')).toBe('45.07000° N, 7.69000° E');
    expect(degrees(-33.5, -70.6, n, 'O')).toBe('33.50000° S, 70.60000° O');
  });
});

describe('areas', () => {
  const hole = {
    type: 'Polygon' as const,
    coordinates: [
      [
        [0, 0],
        [10, 0],
        [10, 10],
        [0, 10],
        [0, 0],
      ],
      [
        [4, 4],
        [6, 4],
        [6, 6],
        [4, 6],
        [4, 4],
      ],
    ],
  };

  test('hold points, not those in holes', () => {
    expect(holds(hole, [1, 1])).toBe(true);
    expect(holds(hole, [5, 5])).toBe(false);
    expect(holds(hole, [11, 5])).toBe(false);
    expect(
      holds(
        {
          type: 'MultiPolygon',
          coordinates: [
            hole.coordinates,
            [
              [
                [20, 0],
                [21, 0],
                [21, 1],
                [20, 0],
              ],
            ],
          ],
        },
        [20.9, 0.1],
      ),
    ).toBe(true);
    expect(holds({ type: 'Point', coordinates: [1, 1] }, [1, 1])).toBe(false);
  });

  test('are outlined in the square of their picture, y downwards as Mercator has it', () => {
    const d = outline(hole, [0, 0, 10, 10]);
    expect(d.split('M').length - 1).toBe(2);
    expect(d.startsWith('M0.0 1000.0L1000.0 1000.0L1000.0 0.0L0.0 0.0')).toBe(true);
    // Latitude 5 lies a little below the middle of 0 to 10.
    const y = Number(
      /M[\d.]+ ([\d.]+)/.exec(
        outline(
          {
            type: 'Polygon',
            coordinates: [
              [
                [5, 5],
                [6, 5],
                [6, 6],
                [5, 5],
              ],
            ],
          },
          [0, 0, 10, 10],
        ),
      )?.[1],
    );
    expect(y).toBeGreaterThan(500);
    expect(y).toBeLessThan(504);
    expect(outline(null, [0, 0, 1, 1])).toBe('');
    expect(outline(hole, [0, 0, 10, 10], 4).length).toBeLessThan(d.length);
  });
});

describe('people', () => {
  test('of 65 and more, when the bands tell', () => {
    expect(
      older([
        { band: 'age_0_64', people: 3 },
        { band: 'age_65_79', people: 1 },
        { band: 'age_80_plus', people: 2 },
      ]),
    ).toBeCloseTo(0.5);
    expect(older([{ band: 'age_60_plus', people: 3 }])).toBeNull();
    expect(older([{ band: 'age_60_69', people: 3 }])).toBeNull();
    expect(older([{ band: 'women', people: 3 }])).toBeNull();
    expect(older([])).toBeNull();
  });
});

describe('land cover', () => {
  const at = (date: string, ...ha: number[]) => ({ date, classes: ha.map((hectares, i) => ({ value: i, name: `c${i}`, hectares })) });
  test('changes from the first date to the last, the greatest first', () => {
    expect(change([])).toEqual([]);
    expect(change([at('2020', 1)])).toEqual([]);
    expect(change([at('2018', 5, 5), at('2020', 9, 9), at('2024', 4, 2, 4)]).map((c) => [c.value, c.before, c.after])).toEqual([
      [2, 0, 4],
      [1, 5, 2],
      [0, 5, 4],
    ]);
  });
});

describe('kept reports', () => {
  const row = (threshold_s: number, share: number | null): CoverageRow =>
    ({ threshold_s, share, covered: 1, uncovered: share === null ? null : 2, unreachable: 1 }) as CoverageRow;
  const report = (id: string, service: string, territory: string, rows: CoverageRow[], areas: { code: string; coverage: CoverageRow[] }[] = []) =>
    ({
      id,
      created_at: '2026-01-01T00:00:00Z',
      service,
      profile: 'walking',
      territory: { code: territory, name: territory },
      coverage: rows,
      areas,
    }) as never;

  test('give a quarter of an hour, or what is in the middle', () => {
    expect(usual([row(300, 0.1), row(900, 0.2), row(1800, 0.3)])?.threshold_s).toBe(900);
    expect(usual([row(600, 0.1), row(1200, 0.2), row(1800, 0.3)])?.threshold_s).toBe(1200);
    expect(usual([])).toBeUndefined();
  });

  test('speak of a territory as a whole or as an area; the newest is taken', () => {
    const k = pick(
      [
        report('new', 'pharmacy', '9', [row(900, 0.9)], [{ code: '1', coverage: [row(900, 0.5)] }]),
        report('old', 'pharmacy', '1', [row(900, 0.1)]),
        report('hidden', 'school', '1', [row(900, null)]),
        report('other', 'clinic', '2', [row(900, 0.7)]),
      ],
      '1',
    );
    expect(k.coverages.map((c) => [c.service, c.share, c.report, c.uncovered])).toEqual([
      ['pharmacy', 0.5, 'new', 3],
      ['school', null, 'hidden', null],
    ]);
  });

  test('of studies have sections and classes', () => {
    const study = {
      id: 's',
      created_at: '2026-01-01T00:00:00Z',
      territory: { code: '9', name: '9' },
      sections: [report('', 'pharmacy', '9', [row(900, 0.9)], [{ code: '1', coverage: [row(900, 0.5)] }])],
      classes: [
        { scheme: 'snai-2020', code: '1', class: 'D' },
        { scheme: 'snai-2020', code: '1', class: 'F', level: 'hamlet' },
        { scheme: 'degurba-l1', code: '2', class: '3' },
      ],
    } as never;
    const k = pick([study], '1');
    expect(k.coverages.map((c) => c.share)).toEqual([0.5]);
    expect(k.classes.map((c) => [c.scheme, c.class, c.report])).toEqual([['snai-2020', 'D', 's']]);
    expect(pick([study], '9').coverages.map((c) => c.share)).toEqual([0.9]);
  });
});

test('people by sex stand apart from those by age', () => {
  const bands = [
    { band: 'age_0_64', people: 60 },
    { band: 'male', people: 48 },
    { band: 'age_65_plus', people: 40 },
    { band: 'female', people: 52 },
  ];
  expect(byAge(bands).map((b) => b.band)).toEqual(['age_0_64', 'age_65_plus']);
  expect(bySex(bands).map((b) => b.people)).toEqual([52, 48]);
  expect(older(byAge(bands))).toBe(0.4);
  expect(bySex(bands.slice(0, 2))).toEqual([]);
});

describe('a pyramid of ages', () => {
  test('has bars as long as there are people a year of age', () => {
    const list = bars([
      { band: 'age_80_plus', female: 60, male: 20 },
      { band: 'age_0_2', female: 9, male: 12 },
      { band: 'age_3_79', female: 154, male: 77 },
    ])!;
    expect(list.map((b) => [b.from, b.to, b.open, b.women, b.men])).toEqual([
      [0, 3, false, 3, 4],
      [3, 80, false, 2, 1],
      [80, 100, true, 3, 1],
    ]);
  });

  test('is not drawn of what is no age, or of ages that overlap', () => {
    expect(bars([])).toBeNull();
    expect(bars([{ band: 'adults', female: 1, male: 1 }])).toBeNull();
    expect(
      bars([
        { band: 'age_0_14', female: 1, male: 1 },
        { band: 'age_10_19', female: 1, male: 1 },
      ]),
    ).toBeNull();
    expect(bars([{ band: 'age_100_plus', female: 1, male: 1 }])?.[0]?.to).toBe(105);
  });

  test('has a round end', () => {
    expect([0, 0.3, 1, 1.01, 4.9, 12, 50, 51, 730].map(round)).toEqual([1, 0.5, 1, 2, 5, 20, 50, 100, 1000]);
  });
});

describe('the profile asked for ahead', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** fresh is the state of a page that has just been opened, and what it has asked for. */
  async function fresh(answer: (path: string) => Response): Promise<Pick<typeof State, 'places'> & { asked: string[] }> {
    const asked: string[] = [];
    vi.stubGlobal('fetch', (path: string) => (asked.push(path), Promise.resolve(answer(path))));
    vi.resetModules();
    return { places: (await import('../../src/tasks/places/state.svelte')).places, asked };
  }
  const profile = (path: string) => Response.json({ territory: { code: path.split('/')[2] } });

  test('is asked for once', async () => {
    const { places, asked } = await fresh(profile);
    places.ahead('1');
    await places.load('1', new AbortController().signal);
    expect([places.state, places.profile?.territory.code, asked]).toEqual(['ready', '1', ['/territories/1/profile']]);
  });

  test('is of no use to another territory', async () => {
    const { places, asked } = await fresh(profile);
    places.ahead('1');
    await places.load('2', new AbortController().signal);
    await places.load('1', new AbortController().signal);
    expect([places.profile?.territory.code, asked.length]).toEqual(['1', 3]);
  });

  test('is not shown when it was given up, and asked for again when it failed', async () => {
    const { places, asked } = await fresh(profile);
    places.ahead('1');
    await places.load('1', AbortSignal.abort());
    expect(places.profile).toBeNull();
    const broken = await fresh(() => Response.json({ status: 500 }, { status: 500 }));
    broken.places.ahead('1');
    for (let i = 0; i < 2; i++) await broken.places.load('1', new AbortController().signal);
    expect([broken.places.state, broken.asked.length, asked.length]).toEqual(['error', 2, 1]);
  });
});
