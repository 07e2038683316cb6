// The program, served for a measurement.
import { spawn } from 'node:child_process';
import process from 'node:process';

/** serve starts the program on a free port and waits until it says where; it ends when it is stopped, or with the measurement. */
export async function serve(program, data) {
  const child = spawn(program, ['serve', '--addr', '127.0.0.1:0', '--data', data], { stdio: ['ignore', 'pipe', 'ignore'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const end = () => child.kill();
  process.once('exit', end);
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (d) => {
      said = (said + String(d)).slice(-10_000);
      const at = /https?:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (at) resolve(at[0]);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error('the server ended before it served')));
  });
  const stop = async () => {
    process.off('exit', end);
    end();
    await gone;
  };
  return { url, stop };
}
