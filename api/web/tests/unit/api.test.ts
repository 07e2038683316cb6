import { describe, expect, test } from 'vitest';
import { ApiError, asApiError, createClient, isAbort, local, readLegend } from '../../src/lib/api';

interface Call {
  url: string;
  init: RequestInit;
}

function client(answer: () => Response | Promise<Response>) {
  const calls: Call[] = [];
  const fetcher = ((url: string, init: RequestInit) => {
    calls.push({ url, init });
    return Promise.resolve().then(answer);
  }) as typeof fetch;
  return { api: createClient(fetcher), calls };
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });

describe('addresses', () => {
  test('escape what comes from data', async () => {
    const { api, calls } = client(() => json({}));
    await api.territory('a/b?c', true);
    await api.report('x y');
    expect(calls.map((c) => c.url)).toEqual(['/territories/a%2Fb%3Fc?geometry=true', '/reports/x%20y.json']);
  });

  test('a point is longitude, latitude', async () => {
    const { api, calls } = client(() => json({ territories: null }));
    expect(await api.territories({ at: [10.5, 44.25] })).toEqual([]);
    expect(calls[0]!.url).toBe('/territories?at=10.5%2C44.25');
  });

  test('local drops the origin of a link', () => {
    expect(local('http://other:99/reports/a.json?lang=it')).toBe('/reports/a.json?lang=it');
    expect(local('/jobs/1')).toBe('/jobs/1');
  });
});

describe('errors', () => {
  test('keep the words of a problem', async () => {
    const problem = { type: '/problems/not-exist', title: 'Not Found', status: 404, detail: 'no territory x', hint: 'see /territories' };
    const { api } = client(() => new Response(JSON.stringify(problem), { status: 404, headers: { 'Content-Type': 'application/problem+json' } }));
    const e = await api.territory('x', false).catch((x: unknown) => x);
    expect(e).toBeInstanceOf(ApiError);
    expect((e as ApiError).kind).toBe('server');
    expect((e as ApiError).problem).toEqual(problem);
  });

  test('keep the status of an answer that is no problem document', async () => {
    const { api } = client(
      () => new Response('<h1>Bad gateway</h1>', { status: 502, statusText: 'Bad Gateway', headers: { 'Content-Type': 'text/html' } }),
    );
    await expect(api.collections()).rejects.toMatchObject({ kind: 'server', problem: { title: 'Bad Gateway', status: 502 } });
    const broken = client(() => new Response('{', { status: 500, statusText: 'Oops', headers: { 'Content-Type': 'application/problem+json' } }));
    await expect(broken.api.collections()).rejects.toMatchObject({ problem: { title: 'Oops', status: 500 } });
  });

  test('tell a silent server from one that answers nonsense', async () => {
    const silent = client(() => Promise.reject(new TypeError('fetch failed')));
    await expect(silent.api.collections()).rejects.toMatchObject({ kind: 'network' });
    const odd = client(() => new Response('<html>'));
    await expect(odd.api.collections()).rejects.toMatchObject({ kind: 'format' });
  });

  test('an abort stays an abort', async () => {
    const { api } = client(() => Promise.reject(new DOMException('gone', 'AbortError')));
    expect(isAbort(await api.collections().catch((e: unknown) => e))).toBe(true);
    expect(asApiError(new Error('x')).problem.detail).toBe('x');
  });
});

describe('legends', () => {
  test('a ramp is read from an entry with stops, and stands beside the others', () => {
    const stops = [0, 50, 100].map((value) => ({ value, color: `#0000${value + 10}` }));
    const other = { label: 'a', color: '#123456', kind: 'line' as const };
    const a = readLegend({ dataset: 'd', title: 'x', unit: 'm', entries: [{ label: 'x', color: '#fff', kind: 'ramp', stops }, other], notes: [] });
    expect(a).toEqual({ title: 'x', unit: 'm', entries: [other], ramp: { min: 0, max: 100, colors: ['#000010', '#000060', '#0000110'] } });
  });
});
