// Leaves out of the page's style sheet what no source of the page names: most
// of Bootstrap Italia's classes. A class whose name is put together at run time
// (`btn-${size}`, alert-{kind}) counts as named by its beginning.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AcceptedPlugin, Rule } from 'postcss';

const src = join(import.meta.dirname, '../src');

export interface Named {
  words: ReadonlySet<string>;
  beginnings: readonly string[];
}

/** named gathers what may be the name of a class in texts of sources. */
export function named(texts: Iterable<string>): Named {
  const words = new Set<string>();
  const beginnings = new Set<string>();
  for (const text of texts) {
    for (const [word] of text.matchAll(/[A-Za-z][\w-]*/g)) words.add(word);
    for (const m of text.matchAll(/([A-Za-z][\w-]*-)\$?\{/g)) beginnings.add(m[1]!);
  }
  return { words, beginnings: [...beginnings] };
}

export function* sources(dir = src): Iterable<string> {
  for (const e of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (e.isFile() && /\.(svelte|ts)$/.test(e.name)) yield readFileSync(join(e.parentPath, e.name), 'utf8');
  }
}

/** without takes :not(…) away, whatever is in it. */
function without(selector: string): string {
  const at = selector.indexOf(':not(');
  if (at < 0) return selector;
  let [end, depth] = [at + 5, 1];
  for (; end < selector.length && depth > 0; end++) depth += selector[end] === '(' ? 1 : selector[end] === ')' ? -1 : 0;
  return without(selector.slice(0, at) + selector.slice(end));
}

/** serves tells whether a selector may match something: all its classes are named, but for those that must not be there. */
export function serves(selector: string, n: Named): boolean {
  for (const m of without(selector).matchAll(/\.((?:[\w-]|\\.)+)/g)) {
    const name = m[1]!.replace(/\\(.)/g, '$1');
    if (!n.words.has(name) && !n.beginnings.some((b) => name.startsWith(b))) return false;
  }
  return true;
}

/** unused works on the sheet that app.scss is; what components bring is theirs. */
export function unused(): AcceptedPlugin {
  let all: Named | undefined;
  return {
    postcssPlugin: 'unused',
    OnceExit(root) {
      if (!/app\.scss$/.test(root.source?.input.file ?? '')) return;
      all ??= named(sources());
      const n = all;
      root.walkRules((rule: Rule) => {
        if (rule.parent?.type === 'atrule' && /keyframes$/.test((rule.parent as { name?: string }).name ?? '')) return;
        const left = rule.selectors.filter((s) => /maplibregl/.test(s) || serves(s, n));
        if (left.length === 0) rule.remove();
        else if (left.length < rule.selectors.length) rule.selectors = left;
      });
      root.walkAtRules((at) => {
        if (/^(media|supports)$/.test(at.name) && at.nodes?.length === 0) at.remove();
      });
    },
  };
}
