// Which rules of Bootstrap Italia the page's style sheet keeps.
import postcss from 'postcss';
import { describe, expect, test } from 'vitest';
import { named, serves, sources, unused } from '../../scripts/unused.ts';

describe('a rule', () => {
  const n = named(['<p class="fw-semibold alert-{kind}">', 'const c = `btn btn-${size}`; // w-1\\/2', '<i class:open={yes}>']);

  test.each([
    ['.fw-semibold', true],
    ['p', true],
    ['a:hover > b', true],
    ['.btn', true],
    ['.btn-xs', true],
    ['.alert-danger .open', true],
    ['.btn.collapsed', false],
    ['.fw-bold', false],
    ['.open .modal', false],
    // It matches where the class is not.
    ['p:not(.collapsed)', true],
    ['p:not(:where(.a, .b)):not(.c) .btn', true],
    ['.carousel:not(.open)', false],
    ['.mt-1\\/2', false],
  ])('%s serves: %s', (selector, does) => expect(serves(selector, n)).toBe(does));

  test('goes only from the sheet of the page, selector by selector', () => {
    const css = '.zq,.btn{a:1}.zq{a:2}@media print{.zq{a:3}}@media screen{p{a:4}}@keyframes k{0%{a:5}}';
    const run = (from: string): string => postcss([unused()]).process(css, { from }).css;
    expect(run('/x/app.scss')).toBe('.btn{a:1}@media screen{p{a:4}}@keyframes k{0%{a:5}}');
    expect(run('/x/Other.svelte?type=style')).toBe(css);
  });
});

test('classes that components write down are all named', () => {
  const texts = [...sources()];
  const n = named(texts);
  const written = texts.flatMap((t) =>
    [...t.matchAll(/\bclass="([^"]*)"/g)].flatMap((m) => m[1]!.replace(/[\w-]*\{[^}]*\}[\w-]*/g, '').split(/\s+/)),
  );
  expect(written.filter(Boolean).length).toBeGreaterThan(200);
  expect(written.filter((c) => /^[a-z][\w-]*$/i.test(c) && !serves(`.${c}`, n))).toEqual([]);
});
