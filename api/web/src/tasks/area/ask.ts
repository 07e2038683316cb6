// Questions to the server about areas: what is sent, and the answers of
// several requests as one. Territories and drawn areas are separate requests,
// because the API takes one kind at a time.
import { ApiError, execute, send, type Waiting } from '../../lib/api';
import type { Call } from '../../lib/callof';
import { geometryOf } from './shapes';
import type { Area } from './state.svelte';

export interface Question {
  process: string;
  inputs: Record<string, unknown>;
}

/** what all answers have */
export interface Sources {
  inputs?: { dataset: string; version: string | number; role: string; title?: string; attribution?: string }[] | null;
  notices?: { code: string; text: string; texts?: Record<string, string> }[] | null;
  method?: string;
}

export interface Answers<T> {
  questions: Question[];
  answers: T[];
}

/** groups are the areas as the API wants them. */
export function groups(areas: readonly Area[]): Record<string, unknown>[] {
  const territories = areas.filter((a) => a.territory);
  const drawn = areas.filter((a) => !a.territory && a.rings);
  const out: Record<string, unknown>[] = [];
  if (territories.length > 0) out.push({ territories: territories.map((a) => a.territory) });
  if (drawn.length > 0) {
    out.push({
      type: 'FeatureCollection',
      features: drawn.map((a) => ({ type: 'Feature', properties: { code: a.code, name: a.name }, geometry: geometryOf(a.rings!) })),
    });
  }
  return out;
}

export function questions(process: string, areas: readonly Area[], inputs: Record<string, unknown>): Question[] {
  return groups(areas).map((g) => ({ process, inputs: { ...inputs, areas: g } }));
}

export function callOf(q: Question, format = ''): Call {
  return { path: `/processes/${q.process}/execution${format ? `?f=${format}` : ''}`, method: 'POST', body: { inputs: q.inputs } };
}

const kept = new Map<string, unknown>();
const mostKept = 40;

/** answer asks once: quick questions in the request itself, long ones and those that find the server busy as a job. */
async function answer<T>(q: Question, long: boolean, w: Waiting): Promise<T> {
  const key = JSON.stringify(q);
  if (kept.has(key)) return kept.get(key) as T;
  const result = long ? await execute<T>(q.process, q.inputs, w) : await quick<T>(q, w);
  kept.set(key, result);
  if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
  return result;
}

async function quick<T>(q: Question, w: Waiting): Promise<T> {
  try {
    const r = await post(q, '', w.signal);
    return (await r.json()) as T;
  } catch (e) {
    if (e instanceof ApiError && e.problem.status === 503) return execute<T>(q.process, q.inputs, w);
    throw e;
  }
}

function post(q: Question, format: string, signal?: AbortSignal): Promise<Response> {
  const call = callOf(q, format);
  const headers = { Accept: 'application/json, */*;q=0.5', 'Content-Type': 'application/json' };
  return send(call.path, { method: 'POST', headers, body: JSON.stringify(call.body), ...(signal ? { signal } : {}) });
}

/** ask asks all questions one after the other. */
export async function ask<T>(list: Question[], long: boolean, w: Waiting): Promise<Answers<T>> {
  const answers: T[] = [];
  for (const q of list) answers.push(await answer<T>(q, long, w));
  return { questions: list, answers };
}

/** download has the answer as a file of a format; '' is for processes that give back a file. */
export async function download(q: Question, format: string, name: string): Promise<void> {
  const blob = await (await post(q, format)).blob();
  const url = URL.createObjectURL(blob);
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 30_000);
}

/** sources of several answers, each dataset and each notice once. */
export function merged(list: readonly Sources[]): { inputs: NonNullable<Sources['inputs']>; notices: NonNullable<Sources['notices']> } {
  const inputs = new Map(list.flatMap((s) => (s.inputs ?? []).map((i) => [`${i.dataset} ${i.version}`, i] as const)));
  const notices = new Map(list.flatMap((s) => (s.notices ?? []).map((n) => [n.text, n] as const)));
  return { inputs: [...inputs.values()], notices: [...notices.values()] };
}

/** byArea puts the answers' rows in the order of the areas; what is missing is left out. */
export function byArea<R extends { code: string }>(areas: readonly Area[], rows: readonly R[]): { area: Area; row: R }[] {
  return areas.flatMap((a) => {
    const row = rows.find((r) => r.code === (a.territory ?? a.code));
    return row ? [{ area: a, row }] : [];
  });
}
