// Waiting for a long computation: polls the job, quickly at first.
import type { Client } from './api';
import type { CoverageInputs, CoverageReport, Job } from './types';

export interface Waiting {
  signal: AbortSignal;
  progress(job: Job): void;
  /** sleep is a parameter so that tests need not wait. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const firstPause = 300;
const longestPause = 2000;

/** runCoverage asks for a report and waits for it; an abort dismisses the job. */
export async function runCoverage(client: Client, inputs: CoverageInputs, w: Waiting): Promise<CoverageReport> {
  const started = await client.coverage(inputs, w.signal);
  if ('report' in started) return started.report;
  const sleep = w.sleep ?? pause;
  try {
    for (let ms = firstPause; ; ms = Math.min(longestPause, ms * 1.4)) {
      const job = await client.job(started.job, w.signal);
      w.progress(job);
      // The results of a job that failed are the problem that says why.
      if (job.status !== 'accepted' && job.status !== 'running') return await client.jobResult(started.job, w.signal);
      await sleep(ms, w.signal);
    }
  } catch (e) {
    // The server may have ended the job by itself: nothing is left to stop.
    if (w.signal.aborted) await client.dismiss(started.job).catch(() => undefined);
    throw e;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new DOMException('aborted', 'AbortError'));
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
