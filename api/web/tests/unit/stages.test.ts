// What the server tells of its work has a name in both languages.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parts } from '../../src/lib/i18n/words';

test('every stage of a computation is named', () => {
  const dir = join(import.meta.dirname, '../../../../geo/analysis');
  const told = new Set<string>();
  for (const f of readdirSync(dir).filter((n) => n.endsWith('.go') && !n.endsWith('_test.go'))) {
    const source = readFileSync(join(dir, f), 'utf8');
    for (const m of source.matchAll(/\.tell\([^"\n]*"([^"]+)"|\beach\("([^"]+)"|\{0\.\d+, "([^"]+)", m\./g)) told.add((m[1] ?? m[2] ?? m[3])!);
  }
  expect(told.size).toBeGreaterThan(35);
  expect(told).toContain('travel times');
  const { it, en } = parts.stages!;
  expect([...told].filter((s) => !(`job.stage.${s}` in it) || !(`job.stage.${s}` in en))).toEqual([]);
});
