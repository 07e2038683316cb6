// Calls that several parts of the page make, with their answers in one shape.
// New code takes get, post and execute of client.ts, typed by the document.
import { Connection, type Fetch } from './client';
import type { Collection, CoverageReport, Landing, Legend, ReportSummary, Status, Territory, TerritoryDetail } from '../types';
import type { components } from './schema';
import type { FeatureCollection } from 'geojson';

/** local keeps the path and query of a link: the page only speaks to its own origin. */
export function local(href: string): string {
  const u = new URL(href, 'http://local.invalid/');
  return u.pathname + u.search;
}

export interface Client {
  landing(signal?: AbortSignal): Promise<Landing>;
  status(signal?: AbortSignal): Promise<Status>;
  collections(signal?: AbortSignal): Promise<Collection[]>;
  sample(dataset: string, bbox: number[] | undefined, limit: number, signal?: AbortSignal): Promise<FeatureCollection>;
  territories(query: TerritoryQuery, signal?: AbortSignal): Promise<Territory[]>;
  territory(code: string, geometry: boolean, signal?: AbortSignal): Promise<TerritoryDetail>;
  /** the newest first */
  reports(limit: number, signal?: AbortSignal): Promise<ReportSummary[]>;
  report(id: string, signal?: AbortSignal): Promise<CoverageReport>;
}

export interface TerritoryQuery {
  parent?: string;
  level?: string;
  q?: string;
  /** longitude, latitude */
  at?: [number, number];
  limit?: number;
}

const seg = encodeURIComponent;

function search(values: Record<string, string | number | undefined>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(values)) if (v !== undefined) q.set(k, String(v));
  const s = q.toString();
  return s ? `?${s}` : '';
}

export function createClient(fetcher: Fetch = fetch.bind(globalThis)): Client {
  const connection = new Connection(fetcher);

  async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const r = await connection.send(path, { headers: { Accept: 'application/json' }, ...(signal ? { signal } : {}) });
    return connection.json<T>(r, path);
  }

  return {
    landing: (signal) => get('/?f=json', signal),
    status: (signal) => get('/status', signal),
    collections: async (signal) => (await get<{ collections: Collection[] }>('/collections?f=json', signal)).collections ?? [],
    sample: (dataset, bbox, limit, signal) => get(`/collections/${seg(dataset)}/items${search({ limit, bbox: bbox?.join(',') })}`, signal),
    territories: async (query, signal) => {
      const q = search({ ...query, at: query.at?.join(',') });
      return (await get<{ territories: Territory[] | null }>(`/territories${q}`, signal)).territories ?? [];
    },
    territory: (code, geometry, signal) => get(`/territories/${seg(code)}${geometry ? '?geometry=true' : ''}`, signal),
    reports: async (limit, signal) => (await get<{ reports: ReportSummary[] | null }>(`/reports${search({ limit })}`, signal)).reports ?? [],
    report: (id, signal) => get(`/reports/${seg(id)}.json`, signal),
  };
}

/** readLegend brings a legend into the page's shape: its ramp stands apart from the entries. */
export function readLegend(raw: components['schemas']['legend']): Legend {
  const { title, unit, formula, source, notes } = raw;
  const legend: Legend = { title, entries: [] };
  if (unit) legend.unit = unit;
  if (formula) legend.formula = formula;
  if (source) legend.source = source;
  if (notes?.length) legend.notes = notes;
  for (const { label, color, kind, stops } of raw.entries) {
    const [first, last] = [stops?.[0], stops?.at(-1)];
    if (kind === 'ramp' && stops && first && last) legend.ramp = { min: first.value, max: last.value, colors: stops.map((s) => s.color) };
    else legend.entries.push({ label, color, kind });
  }
  return legend;
}

export const api: Client = createClient();
