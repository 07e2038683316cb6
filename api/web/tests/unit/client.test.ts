import { describe, expect, test } from 'vitest';
import { address, ApiError, Connection, isAbort, type JobState } from '../../src/lib/api';
import { Computation } from '../../src/lib/api/computation.svelte';
import { pause } from '../../src/lib/api/execute';

interface Call {
  url: string;
  init: RequestInit;
}

function connection(...answers: (() => Response | Promise<Response>)[]) {
  const calls: Call[] = [];
  const fetcher = ((url: string, init: RequestInit) => {
    calls.push({ url, init });
    const next = answers[Math.min(calls.length, answers.length) - 1]!;
    return Promise.resolve().then(next);
  }) as typeof fetch;
  return { c: new Connection(fetcher), calls };
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  () =>
    new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });

describe('paths', () => {
  test('are filled in and escaped', () => {
    expect(address('/territories/{code}/profile', { code: 'a/b?c#d' })).toBe('/territories/a%2Fb%3Fc%23d/profile');
    expect(address('/x', {}, { a: 1, b: undefined, c: null, d: false, e: [1, 2], f: 'è&=' })).toBe('/x?a=1&d=false&e=1%2C2&f=%C3%A8%26%3D');
  });

  test('complain of what is missing', () => {
    expect(() => address('/jobs/{id}', {})).toThrow(/needs id/);
  });
});

describe('calls', () => {
  test('get asks for JSON at the address', async () => {
    const { c, calls } = connection(json({ code: '1' }));
    expect(await c.get('/territories/{code}', { path: { code: '1' }, query: { geometry: true } })).toEqual({ code: '1' });
    expect(calls[0]!.url).toBe('/territories/1?geometry=true');
    expect(calls[0]!.init.method).toBeUndefined();
    expect(new Headers(calls[0]!.init.headers).get('Accept')).toBe('application/json');
  });

  test('a body is JSON unless it is a form', async () => {
    const { c, calls } = connection(json({}));
    await c.post('/processes/{id}/execution', { path: { id: 'x' }, body: { inputs: {}, response: 'document' } });
    expect(calls[0]!.init.body).toBe('{"inputs":{},"response":"document"}');
    expect(new Headers(calls[0]!.init.headers).get('Content-Type')).toBe('application/json');
    const form = new FormData();
    await c.post('/processes/{id}/execution', { path: { id: 'x' }, body: form });
    expect(calls[1]!.init.body).toBe(form);
    expect(new Headers(calls[1]!.init.headers).has('Content-Type')).toBe(false);
  });

  test('an empty answer is none', async () => {
    const { c } = connection(json(null, 204));
    expect(await c.delete('/jobs/{id}', { path: { id: '1' } })).toBeUndefined();
  });

  test('failures tell apart server, network and nonsense', async () => {
    const refused = connection(
      () =>
        new Response('{"title":"Gone","status":410,"hint":"look elsewhere"}', {
          status: 410,
          headers: { 'Content-Type': 'application/problem+json' },
        }),
    );
    await expect(refused.c.get('/status')).rejects.toMatchObject({ kind: 'server', problem: { status: 410, hint: 'look elsewhere' } });
    const silent = connection(() => Promise.reject(new TypeError('no route')));
    await expect(silent.c.get('/status')).rejects.toMatchObject({ kind: 'network' });
    const odd = connection(() => new Response('<html>'));
    await expect(odd.c.get('/status')).rejects.toMatchObject({ kind: 'format' });
  });
});

describe('execute', () => {
  const quick = { sleep: () => Promise.resolve() };

  test('waits for the job and hears of its progress', async () => {
    const { c, calls } = connection(
      json({ jobID: '7', status: 'accepted' }, 201),
      json({ jobID: '7', status: 'running', progress: 40, message: 'times' }),
      json({ jobID: '7', status: 'successful', progress: 100 }),
      json({ answer: 42 }),
    );
    const heard: (number | undefined)[] = [];
    const onProgress = (j: JobState) => void heard.push(j.progress);
    expect(await c.execute('series', { a: 1 }, { ...quick, onProgress })).toEqual({ answer: 42 });
    expect(heard).toEqual([40, 100]);
    expect(calls.map((x) => x.url)).toEqual(['/processes/series/execution', '/jobs/7', '/jobs/7', '/jobs/7/results']);
    expect(new Headers(calls[0]!.init.headers).get('Prefer')).toBe('respond-async');
    expect(JSON.parse(calls[0]!.init.body as string)).toEqual({ inputs: { a: 1 } });
  });

  test('takes an answer that came at once, and the id from the address', async () => {
    expect(await connection(json({ a: 1 })).c.execute('x', {})).toEqual({ a: 1 });
    const located = connection(json({}, 201, { Location: 'http://h/jobs/9' }), json({ status: 'successful' }), json('done'));
    expect(await located.c.execute('x', {}, quick)).toBe('done');
    expect(located.calls[1]!.url).toBe('/jobs/9');
    await expect(connection(json({}, 201)).c.execute('x', {})).rejects.toMatchObject({ kind: 'format' });
  });

  test('a job that failed is the problem that says why', async () => {
    const problem = () =>
      new Response('{"title":"Bad Request","status":400,"detail":"no people"}', {
        status: 400,
        headers: { 'Content-Type': 'application/problem+json' },
      });
    const { c } = connection(json({ jobID: '1' }, 201), json({ status: 'failed' }), problem);
    await expect(c.execute('x', {}, quick)).rejects.toMatchObject({ problem: { detail: 'no people' } });
  });

  test('giving up dismisses the job', async () => {
    const stop = new AbortController();
    const { c, calls } = connection(json({ jobID: '1' }, 201), json({ status: 'running' }));
    const sleep = (ms: number, signal?: AbortSignal) => {
      stop.abort();
      return pause(ms, signal);
    };
    expect(isAbort(await c.execute('x', {}, { signal: stop.signal, sleep }).catch((e: unknown) => e))).toBe(true);
    expect(calls.at(-1)!.init.method).toBe('DELETE');
    expect(calls.at(-1)!.init.signal).toBeUndefined();
  });
});

test('the pause between two looks ends at once when it is given up', async () => {
  const stop = new AbortController();
  const long = pause(60_000, stop.signal).catch((e: unknown) => e);
  stop.abort();
  expect(isAbort(await long)).toBe(true);
  expect(isAbort(await pause(60_000, stop.signal).catch((e: unknown) => e))).toBe(true);
  const growing: number[] = [];
  let looks = 0;
  const { c } = connection(json({ jobID: '1' }, 201), () => json({ status: ++looks < 40 ? 'running' : 'successful' })());
  await c.execute('x', {}, { sleep: (ms) => Promise.resolve(void growing.push(ms)) });
  expect(growing.every((ms, i) => i === 0 || ms >= growing[i - 1]!)).toBe(true);
  expect(growing.at(-1)).toBe(2000);
  // At any time the next look comes soon beside what was waited already.
  let waited = 0;
  for (const ms of growing) {
    expect(ms).toBeLessThanOrEqual(51 + 0.15 * waited);
    waited += ms;
  }
});

describe('a computation', () => {
  test('keeps its last answer while the next is computed, and forgets one that was overtaken', async () => {
    const c = new Computation<string>();
    expect(await c.run(() => Promise.resolve('first'))).toBe('first');
    let late: (v: string) => void = () => undefined;
    const slow = c.run(() => new Promise((resolve) => (late = resolve)));
    expect([c.state, c.result]).toEqual(['running', 'first']);
    const quick = c.run(() => Promise.resolve('second'));
    late('too late');
    expect(await slow).toBeNull();
    expect(await quick).toBe('second');
    expect([c.state, c.result]).toEqual(['done', 'second']);
  });

  test('tells what failed from what was given up', async () => {
    const c = new Computation<string>();
    await c.run(() => Promise.reject(new ApiError('network', { title: '', status: 0 })));
    expect([c.state, c.error?.kind]).toEqual(['failed', 'network']);
    const run = c.run(({ signal }) => pause(10_000, signal).then(() => ''));
    c.cancel();
    await run;
    expect([c.state, c.error]).toEqual(['cancelled', null]);
  });
});
