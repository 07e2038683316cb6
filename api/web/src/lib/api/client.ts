// Calls of the HTTP API with the types of its OpenAPI document: paths,
// parameters and answers come from schema.d.ts, which `npm run api` makes.
import type { paths } from './schema';
import { ApiError, isAbort, readProblem } from './errors';
import { awaitJob, type Waiting } from './execute';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The paths that have an operation of that method. */
export type PathOf<M extends Method> = { [P in keyof paths]: [NonNullable<paths[P][M]>] extends [never] ? never : P }[keyof paths];

type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type InPath<O> = O extends { parameters: { path: infer T } } ? { path: T } : { path?: undefined };
type InQuery<O> = O extends { parameters: { query?: infer Q } } ? { query?: Q } : { query?: undefined };
type Sent<O> = O extends { requestBody: { content: infer C } } ? { body: JSONOf<C> | FormData | Blob } : { body?: unknown };
type JSONOf<C> = C extends { 'application/json': infer T }
  ? T
  : C extends { 'application/geo+json': infer T }
    ? T
    : C extends { 'application/schema+json': infer T }
      ? T
      : unknown;
type Content<R> = R extends { content: infer C } ? JSONOf<C> : undefined;

/** What a successful call answers. */
export type Answer<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? Content<R[Extract<keyof R, 200 | 201 | 202>]> : unknown;

interface Common {
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export type Asked<P extends keyof paths, M extends Method> = Common & InPath<Operation<P, M>> & InQuery<Operation<P, M>>;
/** The options may be left out when nothing in them must be given. */
type Options<T> = Record<never, never> extends T ? [options?: T] : [options: T];

type Values = Record<string, unknown>;
export type Fetch = typeof fetch;

/** address fills in a path template; lists are joined by commas, what is undefined is left out. */
export function address(path: string, inPath: Values = {}, query: Values = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const v = inPath[name];
    if (v === undefined || v === null) throw new TypeError(`${path} needs ${name}`);
    return encodeURIComponent(String(v as string));
  });
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(query)) if (v !== undefined && v !== null) q.set(k, String(v as string));
  const s = q.toString();
  return s ? `${filled}?${s}` : filled;
}

export class Connection {
  constructor(private readonly fetcher: Fetch = fetch.bind(globalThis)) {}

  /** send is a bare request; every failure but an abort is an ApiError. */
  async send(path: string, init: RequestInit = {}): Promise<Response> {
    let r: Response;
    try {
      r = await this.fetcher(path, init);
    } catch (e) {
      if (isAbort(e)) throw e;
      throw new ApiError('network', { title: '', status: 0 }, { cause: e });
    }
    if (!r.ok) throw new ApiError('server', await readProblem(r));
    return r;
  }

  /** json reads an answer; one that is not JSON is an ApiError. */
  async json<T>(r: Response, path: string): Promise<T> {
    if (r.status === 204) return undefined as T;
    try {
      return (await r.json()) as T;
    } catch (e) {
      if (isAbort(e)) throw e;
      throw new ApiError('format', { title: '', status: r.status, detail: String(e), instance: path }, { cause: e });
    }
  }

  get<P extends PathOf<'get'>>(path: P, ...o: Options<Asked<P, 'get'>>): Promise<Answer<P, 'get'>> {
    return this.call('GET', path, o[0]);
  }

  post<P extends PathOf<'post'>>(path: P, o: Asked<P, 'post'> & Sent<Operation<P, 'post'>>): Promise<Answer<P, 'post'>> {
    return this.call('POST', path, o);
  }

  put<P extends PathOf<'put'>>(path: P, o: Asked<P, 'put'> & Sent<Operation<P, 'put'>>): Promise<Answer<P, 'put'>> {
    return this.call('PUT', path, o);
  }

  patch<P extends PathOf<'patch'>>(path: P, o: Asked<P, 'patch'> & Sent<Operation<P, 'patch'>>): Promise<Answer<P, 'patch'>> {
    return this.call('PATCH', path, o);
  }

  delete<P extends PathOf<'delete'>>(path: P, ...o: Options<Asked<P, 'delete'>>): Promise<Answer<P, 'delete'>> {
    return this.call('DELETE', path, o[0]);
  }

  /**
   * execute runs a process as a job and waits for its result; onProgress hears
   * of it, an abort dismisses the job.
   */
  async execute<T = unknown>(process: string, inputs: object, w: Waiting = {}): Promise<T> {
    const path = address('/processes/{id}/execution', { id: process });
    const headers = { Accept: 'application/json', 'Content-Type': 'application/json', Prefer: 'respond-async' };
    const r = await this.send(path, { method: 'POST', headers, body: JSON.stringify({ inputs }), ...(w.signal ? { signal: w.signal } : {}) });
    if (r.status !== 201) return this.json<T>(r, path);
    const job = await this.json<{ jobID?: string }>(r, path);
    const id = job.jobID ?? r.headers.get('Location')?.split('/').pop();
    if (!id) throw new ApiError('format', { title: '', status: 201, detail: 'the job has no id', instance: path });
    return awaitJob<T>(this, id, w);
  }

  private async call<T>(method: string, path: string, o: (Common & { path?: unknown; query?: unknown; body?: unknown }) | undefined): Promise<T> {
    const at = address(path, o?.path as Values, o?.query as Values);
    const raw = o?.body instanceof FormData || o?.body instanceof Blob;
    const headers: Record<string, string> = { Accept: 'application/json', ...o?.headers };
    if (o?.body !== undefined && !raw) headers['Content-Type'] ??= 'application/json';
    const body = o?.body === undefined ? undefined : raw ? (o.body as BodyInit) : JSON.stringify(o.body);
    const init: RequestInit = { headers };
    if (method !== 'GET') init.method = method;
    if (body !== undefined) init.body = body;
    if (o?.signal) init.signal = o.signal;
    return this.json<T>(await this.send(at, init), at);
  }
}

const connection = new Connection();

export const get = connection.get.bind(connection);
export const post = connection.post.bind(connection);
export const put = connection.put.bind(connection);
export const patch = connection.patch.bind(connection);
export const del = connection.delete.bind(connection);
export const send = connection.send.bind(connection);
export const execute = connection.execute.bind(connection);
export const attend = <T>(id: string, w: Waiting = {}): Promise<T> => awaitJob<T>(connection, id, w);
