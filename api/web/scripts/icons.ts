// The icons that the page names, from Bootstrap Italia's, as one sprite.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const root = join(import.meta.dirname, '..');
const from = join(root, 'node_modules/bootstrap-italia/src/svg');
const virtual = 'virtual:icons';

/** available are the names of all icons there are. */
export function available(): Set<string> {
  return new Set(readdirSync(from).map((f) => f.replace(/\.svg$/, '')));
}

/** named finds every it-… that is an icon's name in the sources, with the file that has it; a double-quoted one may be a class. */
export function named(dir = join(root, 'src')): Map<string, string> {
  const found = new Map<string, string>();
  for (const e of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (!e.isFile() || !/\.(svelte|ts)$/.test(e.name)) continue;
    const text = readFileSync(join(e.parentPath, e.name), 'utf8');
    for (const m of text.matchAll(/(?:\b(?:name|icon)="|['`])(it-[a-z][a-z0-9-]*)["'`]/g)) found.set(m[1]!, e.name);
  }
  return found;
}

export function sprite(): string {
  const all = available();
  const symbols = [...named().keys()]
    .filter((n) => all.has(n))
    .sort()
    .map((n) => {
      const svg = readFileSync(join(from, `${n}.svg`), 'utf8');
      const box = /viewBox="([^"]+)"/.exec(svg)?.[1] ?? '0 0 24 24';
      const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>\s*$/, '');
      return `<symbol id="${n}" viewBox="${box}">${inner.trim()}</symbol>`;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`;
}

export function icons(): Plugin {
  let serving = false;
  return {
    name: 'icons',
    configResolved: (c) => void (serving = c.command === 'serve'),
    resolveId: (id) => (id === virtual ? `\0${virtual}` : undefined),
    load(id) {
      if (id !== `\0${virtual}`) return;
      if (serving) return "export default '/@icons.svg';";
      const ref = this.emitFile({ type: 'asset', name: 'icons.svg', source: sprite() });
      return `export default import.meta.ROLLUP_FILE_URL_${ref};`;
    },
    configureServer(server) {
      server.middlewares.use('/@icons.svg', (_req, res) => {
        res.setHeader('Content-Type', 'image/svg+xml');
        res.end(sprite());
      });
    },
  };
}
