// Checks the licences of all packages of the lock file: what goes into the
// page must go with EUPL-1.2, tools must be free software.
import { readFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const free = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'MPL-2.0',
  'Unlicense',
  'CC0-1.0',
  'BlueOak-1.0.0',
  'Zlib',
  'Python-2.0',
  'CC-BY-4.0',
]);

// Said in an older form that the lock file does not take over.
const told = { 'dom-walk': 'MIT' };

/** known reads (MIT OR CC0-1.0), MIT AND ISC, Apache-2.0. */
function known(text) {
  const words = text.replace(/[()]/g, '').split(/\s+/);
  const names = words.filter((w) => w !== 'OR' && w !== 'AND');
  return words.includes('OR') ? names.some((n) => free.has(n)) : names.every((n) => free.has(n));
}

const bad = [];
let n = 0;
for (const [path, p] of Object.entries(lock.packages)) {
  if (path === '' || p.link) continue;
  n++;
  const name = path.replace(/^.*node_modules\//, '');
  const text = typeof p.license === 'string' ? p.license : (told[name] ?? '');
  if (!text || !known(text)) bad.push(`${name} ${p.version}: ${text || 'no licence'}`);
}
if (bad.length > 0) {
  console.error(`packages with a licence that this check does not know:\n${bad.join('\n')}`);
  process.exit(1);
}
console.log(`licences of the page: ${n} packages are all free software that goes with EUPL-1.2`);
