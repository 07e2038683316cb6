import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../src/lib/api';
import { Translator } from '../../src/lib/i18n/translate';
import { example, plain, plainError, translated } from '../../src/tasks/data/plain';
import { sentences } from '../../src/tasks/data/plain.it';

const it = new Translator('it');
const en = new Translator('en');
const root = join(import.meta.dirname, '../../../..');

function goFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.go') && !f.endsWith('_test.go'))
    .map((f) => readFileSync(join(root, folder, f), 'utf8'));
}

/** sample fills a format of Go. */
const sample = (format: string) =>
  format
    .replace(/\\"/g, '"')
    .replace(/%[-+.\d]*q/g, '"roba"')
    .replace(/%[-+.\d]*[dg]/g, '12')
    .replace(/%[-+.\d]*[svw]/g, 'EPSG:32632');

describe('what the server says of files', () => {
  test('all that is noticed in uploaded files is said in Italian', () => {
    const seen: string[] = [];
    for (const folder of ['ingest/vector', 'ingest/table', 'ingest/raster', 'ingest/gtfs', 'ingest/osm'])
      for (const text of goFiles(folder)) {
        for (const m of text.matchAll(/catalog\.(?:Info|Warning), "[\w-]+",\s*"((?:[^"\\]|\\.)*)"( *\+)?/g))
          seen.push(sample(m[1]!) + (m[2] ? 'EPSG:4326' : ''));
        for (const m of text.matchAll(/warn\("[\w-]+", "((?:[^"\\]|\\.)*)"/g)) seen.push(sample(m[1]!));
        for (const m of text.matchAll(/\bmsg[A-Z]\w* *= "((?:[^"\\]|\\.)*)"/g)) seen.push(sample(m[1]!));
      }
    expect(seen.length).toBeGreaterThan(90);
    expect(seen.filter((s) => translated(s) === null)).toEqual([]);
  });

  test('values are carried over', () => {
    expect(translated('column "lat" holds latitudes and "lon" longitudes (all of them): they were exchanged')).toBe(
      'la colonna «lat» contiene latitudini e «lon» longitudini (all of them): sono state scambiate',
    );
    expect(translated('strade.shp lacks its .dbf file')).toBe('di strade.shp manca il file .dbf');
  });

  test('parts of a sentence are Italian too', () => {
    expect(translated('the coordinates of farmacie.csv in columns "lon" (x) and "lat" (y) are no degrees (for example 497512, 5.1e+06)')).toBe(
      'le coordinate di farmacie.csv, colonne «lon» (x) e «lat» (y), non sono gradi (per esempio 497512, 5.1e+06)',
    );
    expect(translated('column "x" holds latitudes and "y" longitudes (as named, most positions are impossible): they were exchanged')).toBe(
      'la colonna «x» contiene latitudini e «y» longitudini (con questi nomi quasi tutte le posizioni sono impossibili): sono state scambiate',
    );
    const axes = goFiles('ingest/table').filter((text) => text.includes('coordNames'));
    const seen = axes.flatMap((text) =>
      [...text.matchAll(/(?:why = |Sprintf\()(?:fmt\.Sprintf\()?"((?:column|as named|the other way)(?:[^"\\]|\\.)*)"/g)].map((m) => sample(m[1]!)),
    );
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.filter((text) => translated(text) === null)).toEqual([]);
  });

  test('no translation leaves a hole open or asks for more than there is', () => {
    for (const [english, italian] of sentences) {
      const holes = english.split('{}').length - 1;
      const used = [...italian.matchAll(/\{(\d)\}/g)].map((m) => Number(m[1]));
      expect(Math.max(0, ...used), english).toBeLessThanOrEqual(holes);
      expect(translated(english.replaceAll('{}', 'x')), english).not.toMatch(/\{\d?\}/);
    }
  });

  test('roles have their names', () => {
    expect(plain(it, 'the role was guessed to be "service": name it with --role if it is not')).toEqual({
      text: 'il ruolo dedotto dai dati è «Servizi»: se non è giusto, sceglierlo',
      lang: 'it',
    });
  });

  test('a sentence behind the name of a file is found', () => {
    expect(plain(it, 'roads.zip: roads.shp lacks its .shx file')).toEqual({ text: 'roads.zip: di roads.shp manca il file .shx', lang: 'it' });
  });

  test('what is wrong and what to do are told together, as jobs say them', () => {
    expect(
      plain(it, 'corrupt.tif cannot be converted: TIFFFillTile:Read error (at row 5) (the file may be damaged or cut short: fetch it again)').text,
    ).toMatch(/^corrupt\.tif non si può convertire \(.*\): il file può essere danneggiato/);
    expect(plain(it, 'broken.gpkg: open vector file broken.gpkg: database disk image is malformed')).toEqual({
      text: 'broken.gpkg è danneggiato e non si può aprire (database disk image is malformed)',
      lang: 'it',
    });
  });

  test('what is not known stays English, and says so', () => {
    expect([example(it, 'row 4: Farmacia'), example(it, 'row of stones')]).toEqual(['riga 4: Farmacia', 'row of stones']);
    expect(plain(it, 'the moon is blue')).toEqual({ text: 'the moon is blue', lang: 'en' });
  });

  test('switches of the command line are fields of the page', () => {
    expect(plain(en, 'name the right one with --crs').text).toBe('name the right one with the field “Reference system”');
  });

  test('errors keep what they are', () => {
    const e = new ApiError('server', { title: 'Invalid', status: 400, detail: 'x.csv is empty', hint: 'name one file' });
    const said = plainError(it, e);
    expect(said.kind).toBe('server');
    expect(said.problem).toEqual({ title: 'Invalid', status: 400, detail: 'x.csv è vuoto', hint: 'caricare un file per volta' });
  });
});
