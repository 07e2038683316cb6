// Makes, once, the land that the tests work on. Each worker serves a copy of
// its own (serve.ts), so that no test sees what another worker does.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program, root } from './serve';

export default function start(): (() => void) | undefined {
  if (process.env.CONTADO_URL || process.env.CONTADO_E2E === 'mock') return undefined;
  if (!existsSync(program)) throw new Error(`${program} is not there: run scripts/build first, or use CONTADO_E2E=mock`);
  const home = mkdtempSync(join(tmpdir(), 'contado-e2e-'));
  process.env.CONTADO_E2E_HOME = home;
  const stop = () => rmSync(home, { recursive: true, force: true });
  // A folder that is there already is copied when that is asked for.
  const made = join(root, 'contado-data');
  if (process.env.CONTADO_E2E_DATA === 'made' && existsSync(join(made, 'catalog.db'))) {
    process.env.CONTADO_E2E_LAND = made;
    return stop;
  }
  const land = join(home, 'land');
  process.env.CONTADO_E2E_LAND = land;
  const demo = spawnSync(program, ['demo', '--once', '--small', '--quiet', '--data', land], { encoding: 'utf8', timeout: 240_000 });
  if (demo.status !== 0) {
    stop();
    throw new Error(`the demonstration was not made (${demo.status ?? demo.signal}):\n${demo.stdout}${demo.stderr}`);
  }
  return stop;
}
