// What holds the page together: the list of tasks, icons, the types of the API.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { available, named, sprite } from '../../scripts/icons.ts';
import { csv } from '../../src/lib/csv';
import { curl, quoted } from '../../src/lib/callof';
import { catalogues } from '../../src/lib/i18n/translate';
import { corners } from '../../src/lib/map/host.svelte';
import { sorted, sum, type Column } from '../../src/lib/table';
import { tasks } from '../../src/tasks';

const web = join(import.meta.dirname, '../..');

describe('tasks', () => {
  test('have names, icons and their own id', () => {
    expect(tasks.map((t) => t.id)).toEqual(['places', 'map', 'area', 'coverage', 'reports', 'data', 'about']);
    for (const t of tasks) {
      expect(catalogues.it[t.label], t.id).toBeTruthy();
      expect(available().has(t.icon), t.icon).toBe(true);
    }
  });

  test.each(tasks.map((t) => [t.id, t] as const))('%s writes what it reads, and nothing by default', (_, t) => {
    t.read(new URLSearchParams());
    const q = new URLSearchParams();
    t.write(q);
    const first = q.toString();
    t.read(new URLSearchParams(q));
    const again = new URLSearchParams();
    t.write(again);
    expect(again.toString()).toBe(first);
    // An address may hold anything.
    for (const bad of ['t=%00&x=', 'a[]=1&a=2', `x=${'9'.repeat(5000)}`]) expect(() => t.read(new URLSearchParams(bad))).not.toThrow();
    t.read(new URLSearchParams());
  });
});

test('every icon that is named is there, and in the sprite', () => {
  const all = available();
  // it-standards is a set of rules.
  const missing = [...named()].filter(([n]) => !all.has(n) && n !== 'it-standards');
  expect(missing).toEqual([]);
  expect(sprite()).toContain('<symbol id="it-map-marker"');
});

test('the types of the API are those of its document (else run npm run api)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'schema-'));
  try {
    const out = join(dir, 'schema.d.ts');
    execFileSync(process.execPath, [join(web, 'node_modules/openapi-typescript/bin/cli.js'), join(web, '../openapi/openapi.yaml'), '-o', out], {
      stdio: 'pipe',
    });
    expect(readFileSync(out, 'utf8') === readFileSync(join(web, 'src/lib/api/schema.d.ts'), 'utf8'), 'schema.d.ts is stale: npm run api').toBe(true);
  } finally {
    rmSync(dir, { recursive: true });
  }
}, 60_000);

describe('tables', () => {
  interface Row {
    name: string;
    people: number | null;
  }
  const rows: Row[] = [
    { name: 'Èze', people: 3 },
    { name: 'Alba 10', people: null },
    { name: 'Alba 9', people: 1.5 },
  ];
  const name: Column<Row> = { key: 'name', label: 'Nome', value: (r) => r.name };
  const people: Column<Row> = { key: 'people', label: 'Persone', value: (r) => r.people, number: true };

  test('sort by words of the language and by numbers; what has no value comes last', () => {
    expect(sorted(rows, name, true, 'it').map((r) => r.name)).toEqual(['Alba 9', 'Alba 10', 'Èze']);
    expect(sorted(rows, people, true, 'it').map((r) => r.people)).toEqual([1.5, 3, null]);
    expect(sorted(rows, people, false, 'it').map((r) => r.people)).toEqual([3, 1.5, null]);
    expect(sorted(rows, undefined, true, 'it')).toEqual(rows);
    expect(sum(rows, people)).toBe(4.5);
  });

  test('as CSV open in spreadsheets of both languages, and hold no formula', () => {
    const cells = [
      ['Nome', 'Persone'],
      ['=1+1', 1234.5],
      ['a;"b"\n', null],
    ];
    expect(csv(cells, 'it')).toBe('\ufeffNome;Persone\r\n\'=1+1;1234,5\r\n"a;""b""\n";\r\n');
    expect(csv(cells, 'en')).toBe('\ufeffNome,Persone\r\n\'=1+1,1234.5\r\n"a;""b""\n",\r\n');
    expect(csv([[NaN, Infinity, -0.5, undefined]], 'en')).toBe('\ufeff,,-0.5,\r\n');
  });
});

describe('calls to copy', () => {
  test('are what a shell runs as it is', () => {
    const nasty = `it's "$HOME" \`id\` \\ $(id)`;
    const out = execFileSync('sh', ['-c', `printf %s ${quoted(nasty)}`], { encoding: 'utf8' });
    expect(out).toBe(nasty);
    expect(curl({ path: '/territories?q=a%20b' }, 'http://h')).toBe("curl -sS 'http://h/territories?q=a%20b'");
    expect(curl({ path: '/x', method: 'POST', body: { a: "l'uso" } }, 'http://h')).toBe(
      `curl -sS -H 'Content-Type: application/json' -d '{"a":"l'\\''uso"}' 'http://h/x'`,
    );
  });
});

test('boxes of the API become four numbers, or none', () => {
  expect(corners([1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
  expect(corners([1, 2, 0, 3, 4, 9])).toEqual([1, 2, 3, 4]);
  for (const bad of [null, undefined, [], [1, 2, 3], [1, 2, 3, NaN]]) expect(corners(bad)).toBeNull();
});
