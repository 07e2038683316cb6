// Starts what the tests speak to: the program with the demonstration
// territory, or the stand-in when CONTADO_E2E=mock. Stops it at the end.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('../..', import.meta.url));
const patience = 240_000;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const s = createServer();
    s.once('error', reject);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address() as AddressInfo;
      s.close(() => resolve(port));
    });
  });
}

interface Command {
  file: string;
  args: string[];
  cleanup: () => void;
}

function program(port: number): Command {
  if (process.env.CONTADO_E2E === 'mock') {
    return { file: process.execPath, args: [join(web, 'tests/mock/main.mjs'), String(port)], cleanup: () => undefined };
  }
  const file = join(web, '../../bin/contado');
  if (!existsSync(file)) throw new Error(`${file} is not there: run scripts/build first, or use CONTADO_E2E=mock`);
  // Tests change data: a folder that is there already is used when asked for.
  const made = join(web, '../../contado-data');
  const serve = (data: string) => ['serve', '--addr', `127.0.0.1:${port}`, '--data', data, '--edit', '--upload', '--publish'];
  if (process.env.CONTADO_E2E_DATA === 'made' && existsSync(join(made, 'catalog.db'))) return { file, args: serve(made), cleanup: () => undefined };
  const data = mkdtempSync(join(tmpdir(), 'contado-e2e-'));
  const cleanup = () => rmSync(data, { recursive: true, force: true });
  const demo = spawnSync(file, ['demo', '--once', '--small', '--quiet', '--data', data], { encoding: 'utf8', timeout: patience });
  if (demo.status !== 0) {
    cleanup();
    throw new Error(`the demonstration was not made (${demo.status}):\n${demo.stdout}${demo.stderr}`);
  }
  return { file, args: serve(data), cleanup };
}

async function answers(base: string, child: ChildProcess, log: string[]): Promise<void> {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}:\n${log.join('')}`);
    try {
      if ((await fetch(`${base}/status`)).ok) return;
    } catch {
      // It is not listening yet.
    }
    await new Promise((r) => setTimeout(r, 300));
  }
  throw new Error(`no answer at ${base} after ${patience / 1000} s:\n${log.join('')}`);
}

export default async function start(): Promise<() => Promise<void>> {
  if (process.env.CONTADO_URL) {
    process.env.CONTADO_E2E_URL = process.env.CONTADO_URL;
    return () => Promise.resolve();
  }
  const port = await freePort();
  const { file, args, cleanup } = program(port);
  const log: string[] = [];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for (const s of [child.stdout, child.stderr]) s.on('data', (d: Buffer) => log.length < 500 && log.push(d.toString()));
  const stop = async () => {
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(hard);
    cleanup();
  };
  const base = `http://127.0.0.1:${port}`;
  try {
    await answers(base, child, log);
  } catch (e) {
    await stop();
    throw e;
  }
  process.env.CONTADO_E2E_URL = base;
  return stop;
}
