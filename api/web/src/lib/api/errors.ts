// What can go wrong with a request, in a form that can be shown.
import type { Problem } from '../types';

/** What failed when no server's words explain it; the page has words for each. */
export type FailureKind = 'server' | 'network' | 'format';

export class ApiError extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly problem: Problem,
    options?: ErrorOptions,
  ) {
    super(problem.detail ?? problem.title, options);
    this.name = 'ApiError';
  }
}

/** isAbort tells a request that the page itself gave up. */
export function isAbort(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'AbortError';
}

/** asApiError turns anything thrown into something to show. */
export function asApiError(e: unknown): ApiError {
  if (e instanceof ApiError) return e;
  const detail = e instanceof Error ? e.message : String(e);
  return new ApiError('format', { title: '', status: 0, detail }, { cause: e });
}

/** readProblem reads problem+json; an answer of another kind (a proxy's) keeps its status. */
export async function readProblem(r: Response): Promise<Problem> {
  const fallback: Problem = { title: r.statusText, status: r.status };
  if (!(r.headers.get('Content-Type') ?? '').includes('json')) return fallback;
  try {
    const p = (await r.json()) as Partial<Problem>;
    return { ...p, title: p.title || r.statusText, status: p.status ?? r.status };
  } catch {
    return fallback;
  }
}
