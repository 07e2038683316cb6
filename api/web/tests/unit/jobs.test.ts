import { describe, expect, test, vi } from 'vitest';
import { ApiError, type Client } from '../../src/lib/api';
import { runCoverage } from '../../src/lib/jobs';
import type { CoverageInputs, CoverageReport, Job } from '../../src/lib/types';

const inputs: CoverageInputs = { territory: '1', service: 's', profile: 'walking', thresholds: ['15m'] };
const report = { id: 'r' } as CoverageReport;

function fake(states: Job['status'][], over: Partial<Client> = {}) {
  const left = [...states];
  const dismissed: string[] = [];
  const client = {
    coverage: () => Promise.resolve({ job: 'j' }),
    job: (id: string) => Promise.resolve({ jobID: id, status: left.shift()!, progress: 10 * (states.length - left.length) }),
    jobResult: () => Promise.resolve(report),
    dismiss: (id: string) => Promise.resolve(void dismissed.push(id)),
    ...over,
  } as unknown as Client;
  return { client, dismissed };
}

const never = () => new AbortController().signal;

describe('runCoverage', () => {
  test('polls until the job is done, with growing pauses', async () => {
    const { client } = fake(['accepted', 'running', 'running', 'successful']);
    const pauses: number[] = [];
    const seen: number[] = [];
    const got = await runCoverage(client, inputs, {
      signal: never(),
      progress: (j) => seen.push(j.progress ?? -1),
      sleep: (ms) => Promise.resolve(void pauses.push(ms)),
    });
    expect(got).toBe(report);
    expect(seen).toEqual([10, 20, 30, 40]);
    expect(pauses).toHaveLength(3);
    expect(pauses[2]!).toBeGreaterThan(pauses[0]!);
  });

  test('a synchronous answer needs no job', async () => {
    const job = vi.fn();
    const { client } = fake([], { coverage: () => Promise.resolve({ report }), job });
    expect(await runCoverage(client, inputs, { signal: never(), progress: () => undefined })).toBe(report);
    expect(job).not.toHaveBeenCalled();
  });

  test('a failed job gives the problem of its results', async () => {
    const problem = new ApiError('server', { title: 'Bad Request', status: 400, detail: 'no people' });
    const { client, dismissed } = fake(['failed'], { jobResult: () => Promise.reject(problem) });
    await expect(runCoverage(client, inputs, { signal: never(), progress: () => undefined })).rejects.toBe(problem);
    expect(dismissed).toEqual([]);
  });

  test('an abort dismisses the job', async () => {
    const stop = new AbortController();
    const { client, dismissed } = fake(['running', 'running', 'running']);
    const run = runCoverage(client, inputs, {
      signal: stop.signal,
      progress: (j) => j.progress === 20 && stop.abort(),
      sleep: () => (stop.signal.aborted ? Promise.reject(new DOMException('x', 'AbortError')) : Promise.resolve()),
    });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(dismissed).toEqual(['j']);
  });

  test('the real pause ends at once when aborted', async () => {
    const stop = new AbortController();
    const { client, dismissed } = fake(Array.from({ length: 50 }, () => 'running' as const));
    const run = runCoverage(client, inputs, { signal: stop.signal, progress: () => setTimeout(() => stop.abort(), 1) });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(dismissed).toEqual(['j']);
  });
});
