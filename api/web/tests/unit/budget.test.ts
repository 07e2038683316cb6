// What the built page weighs: the files that the first view loads, compressed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

const dist = join(import.meta.dirname, '../../dist');
const built = existsSync(join(dist, 'index.html'));

/** first follows the scripts and styles of index.html and what they import at once. */
function first(): string[] {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const queue = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((m) => m[1]!);
  const seen = new Set<string>();
  for (let f = queue.shift(); f; f = queue.shift()) {
    if (seen.has(f)) continue;
    seen.add(f);
    if (!f.endsWith('.js')) continue;
    const code = readFileSync(join(dist, f), 'utf8');
    for (const m of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) queue.push(`assets/${m[1]!}`);
  }
  return [...seen];
}

/** places is what the first task and the layers over the map add when they are opened. */
function later(): string[] {
  return readdirSync(join(dist, 'assets'))
    .filter((f) => /\.(js|css)$/.test(f) && !/^(make|maplibre|terra)/.test(f))
    .map((f) => `assets/${f}`);
}

const sizes = (files: string[]) => {
  let br = 0;
  let gz = 0;
  for (const f of files) {
    const b = readFileSync(join(dist, f));
    const packed = /\.(woff2|png)$/.test(f);
    br += packed ? b.length : existsSync(join(dist, `${f}.br`)) ? readFileSync(join(dist, `${f}.br`)).length : brotliCompressSync(b).length;
    gz += packed ? b.length : gzipSync(b, { level: 9 }).length;
  }
  return { br, gz };
};

describe.skipIf(!built)('the built page', () => {
  test('shows its first view with at most 350 KB, fonts and icons included, without the map', () => {
    const assets = readdirSync(join(dist, 'assets'));
    const fonts = assets.filter((f) => /titillium.*\.woff2$/.test(f)).map((f) => `assets/${f}`);
    const icons = assets.filter((f) => /^icons-.*\.svg$/.test(f)).map((f) => `assets/${f}`);
    const files = ['index.html', ...first(), ...fonts, ...icons];
    expect(files.some((f) => /make-|maplibre/.test(f))).toBe(false);
    expect(fonts.length).toBeGreaterThanOrEqual(2);
    const { br, gz } = sizes(files);
    expect(br).toBeLessThan(350 * 1024);
    expect(gz).toBeLessThan(350 * 1024);
  });

  test('has no task that weighs as much as the map', () => {
    for (const f of later()) expect(sizes([f]).gz, f).toBeLessThan(120 * 1024);
  });

  test('names no other server', () => {
    for (const f of ['index.html', ...later()]) {
      const outside = [...readFileSync(join(dist, f), 'utf8').matchAll(/https?:\/\/([\w.-]+\.[a-z]{2,})/g)].map((m) => m[1]!);
      // Names of XML and documentation in messages of libraries, never asked for.
      const harmless = /^(www\.w3\.org|svelte\.dev|maplibre\.org|github\.com|.*\.invalid|docs\.protomaps\.com|(www\.)?opengis\.net)$/;
      expect(
        outside.filter((h) => !harmless.test(h)),
        f,
      ).toEqual([]);
    }
  });
});
