// After the build: compresses what is text, and keeps the folder that the Go
// program embeds even in a fresh checkout.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;

for (const e of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!e.isFile() || !/\.(js|mjs|css|svg|html|json|webmanifest)$/.test(e.name)) continue;
  const file = join(e.parentPath, e.name);
  const plain = readFileSync(file);
  const br = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
  const gz = gzipSync(plain, { level: 9 });
  for (const [end, packed] of [
    ['.br', br],
    ['.gz', gz],
  ]) {
    if (packed.length < plain.length * 0.9) writeFileSync(file + end, packed);
  }
}
writeFileSync(join(dist, '.gitkeep'), '');
