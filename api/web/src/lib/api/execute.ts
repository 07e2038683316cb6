// Waiting for a long computation: polls the job, quickly at first.
import type { components } from './schema';
import type { Connection } from './client';

export type JobState = components['schemas']['statusInfo'];

export interface Waiting {
  signal?: AbortSignal;
  onProgress?: (job: JobState) => void;
  /** sleep is a parameter so that tests need not wait. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

// Most answers about coverage are there within a tenth of a second, others within a few: nobody waits much longer than they take.
const firstPause = 50;
const growth = 1.15;
const longestPause = 2000;

/** awaitJob waits for a job that was started; an abort dismisses it. */
export async function awaitJob<T>(connection: Connection, id: string, w: Waiting): Promise<T> {
  const sleep = w.sleep ?? pause;
  const at = `/jobs/${encodeURIComponent(id)}`;
  const read = async <R>(path: string): Promise<R> =>
    connection.json<R>(await connection.send(path, { headers: { Accept: 'application/json' }, ...(w.signal ? { signal: w.signal } : {}) }), path);
  try {
    for (let ms = firstPause; ; ms = Math.min(longestPause, ms * growth)) {
      const job = await read<JobState>(at);
      w.onProgress?.(job);
      // The results of a job that failed are the problem that says why.
      if (job.status !== 'accepted' && job.status !== 'running') return await read<T>(`${at}/results`);
      await sleep(ms, w.signal);
    }
  } catch (e) {
    // The server may have ended the job by itself: nothing is left to stop.
    if (w.signal?.aborted) await connection.send(at, { method: 'DELETE', headers: { Accept: 'application/json' } }).catch(() => undefined);
    throw e;
  }
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new DOMException('aborted', 'AbortError'));
    const stop = (): void => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
