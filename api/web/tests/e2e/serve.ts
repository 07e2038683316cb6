// Serves what the tests of one worker speak to: the program with a copy of the
// land, or the stand-in when CONTADO_E2E=mock.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('../..', import.meta.url));
export const root = join(web, '../..');
export const program = join(root, 'bin/contado');

export interface Serving {
  /** without a slash at the end */
  url: string;
  stop: () => Promise<void>;
}

/** keeper runs a command as long as somebody holds its standard input: it ends with the worker, however that ends. */
const keeper = '"$@" </dev/null & child=$!; exec >/dev/null 2>&1; cat; kill -TERM $child; wait $child';

function command(): { args: string[]; cleanup: () => void } {
  if (process.env.CONTADO_E2E === 'mock') return { args: [process.execPath, join(web, 'tests/mock/main.mjs'), '0'], cleanup: () => undefined };
  const data = mkdtempSync(join(process.env.CONTADO_E2E_HOME!, 'worker-'));
  cpSync(process.env.CONTADO_E2E_LAND!, data, { recursive: true });
  const args = [program, 'serve', '--addr', '127.0.0.1:0', '--data', data, '--edit', '--upload', '--publish'];
  return { args, cleanup: () => rmSync(data, { recursive: true, force: true }) };
}

/** serve starts the server on a port that the system chooses; the server says which. */
export async function serve(): Promise<Serving> {
  if (process.env.CONTADO_URL) return { url: process.env.CONTADO_URL.replace(/\/$/, ''), stop: () => Promise.resolve() };
  const { args, cleanup } = command();
  const child = spawn('/bin/sh', ['-c', keeper, 'sh', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await gone;
    cleanup();
  };
  let said = '';
  child.stderr.on('data', (d: Buffer) => said.length < 100_000 && (said += d.toString()));
  const url = await new Promise<string | null>((resolve) => {
    let out = '';
    child.stdout.on('data', (d: Buffer) => {
      out = (out + d.toString()).slice(-10_000);
      const found = /https?:\/\/127\.0\.0\.1:\d+/.exec(out);
      if (found) resolve(found[0]);
    });
    child.stdout.once('end', () => resolve(null));
  });
  if (url) return { url, stop };
  await stop();
  throw new Error(`the server ended before it served:\n${said}`);
}
