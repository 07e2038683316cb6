// The JSON of the HTTP API, as far as the page reads it. Lengths are metres,
// times seconds, coordinates longitude, latitude.
import type { Geometry } from 'geojson';
import type { components } from './api/schema';

export type Lang = 'it' | 'en';

/** west, south, east, north in degrees */
export type BBox = [number, number, number, number];

export interface Link {
  href: string;
  rel: string;
  type?: string;
  title?: string;
}

export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  hint?: string;
}

export type Status = components['schemas']['status'];

export interface Landing {
  title: string;
  description?: string;
  attribution?: string;
  links?: Link[];
}

export type Role =
  'imagery' | 'elevation' | 'landcover' | 'population' | 'territory' | 'place' | 'service' | 'road' | 'barrier' | 'hazard' | 'timetable' | 'other';

export interface IngestNotice {
  severity: 'info' | 'warning';
  code: string;
  message: string;
  count?: number;
  examples?: string[];
}

export interface RasterItem {
  id: string;
  datetime?: string | null;
  cloud_cover?: number | null;
  bbox?: BBox;
}

export interface CollectionFacts {
  kind: 'raster' | 'vector' | 'timetable';
  role: Role;
  version: number | string;
  published_at?: string;
  count?: number;
  geometry_type?: string;
  fields?: { name: string; type: string }[];
  bands?: { name: string; common_name?: string; unit?: string; classes?: unknown[] | null }[] | null;
  /** the first ones, in the list of all collections */
  items?: RasterItem[] | null;
  items_count?: number;
  notices?: IngestNotice[] | null;
  invented?: boolean;
  /** how it was computed, when it was */
  derived?: unknown;
}

export interface Collection {
  id: string;
  title?: string;
  description?: string;
  attribution?: string;
  license?: string;
  extent?: { spatial?: { bbox: number[][] } };
  contado: CollectionFacts;
  links?: Link[];
}

export interface LegendEntry {
  label: string;
  color: string;
  kind: 'fill' | 'line' | 'circle' | 'band' | 'ramp';
}

export interface LegendRamp {
  min: number;
  max: number;
  colors: string[];
}

export interface Legend {
  title: string;
  unit?: string;
  entries: LegendEntry[];
  ramp?: LegendRamp;
  /** how the values are computed, who says so, what to read below */
  formula?: string;
  source?: string;
  notes?: string[];
}

export interface Territory {
  code: string;
  name: string;
  level?: string;
  parent?: string | null;
  dataset?: string;
  bbox?: BBox | null;
  children_count?: number;
}

export interface TerritoryDetail extends Territory {
  ancestors?: Territory[] | null;
  children?: Territory[] | null;
  geometry?: Geometry | null;
}

export interface ReportNotice {
  code: string;
  text: string;
  texts?: Partial<Record<Lang, string>>;
  values?: Record<string, number>;
}

export interface Input {
  dataset: string;
  version: string | number;
  role: string;
  sha256?: string;
  title?: string;
  attribution?: string;
}

export interface LandCoverClass {
  value: number;
  name?: string;
  color?: string;
  hectares: number;
  share: number;
}

export interface Profile {
  territory: Territory;
  area_km2: number;
  population: { total: number; dataset: string; age_bands?: { band: string; people: number }[] | null } | null;
  elevation: { min_m: number; mean_m: number; max_m: number; dataset: string } | null;
  landcover: { dataset: string; classes: LandCoverClass[] | null } | null;
  services?: { dataset: string; title?: string; count: number }[] | null;
  inputs?: Input[] | null;
  notices?: ReportNotice[] | null;
}

export type TravelProfile = 'walking' | 'walking-elderly' | 'straight-line';

export interface CoverageInputs {
  territory: string;
  service: string;
  profile: TravelProfile;
  thresholds: string[];
}

export interface CoverageRow {
  threshold_s: number;
  covered: number;
  uncovered: number;
  unreachable: number;
  /** 0…1; null where nobody lives */
  share: number | null;
}

export interface Figures {
  population: number;
  coverage: CoverageRow[];
  median_s: number | null;
  p90_s: number | null;
}

export interface AreaResult extends Figures {
  code: string;
  name: string;
}

export interface BandResult extends Figures {
  band: string;
  label?: string;
}

export interface Gap {
  name: string;
  kind: 'place' | 'near' | 'area';
  lon: number;
  lat: number;
  population: number;
  unreachable: number;
  time_s: number | null;
  area_code: string;
  area_name: string;
  facility?: string;
  place?: string;
  distance_m?: number;
  bearing?: string;
  part?: number;
}

export interface CoverageReport {
  id: string;
  title: string;
  created_at: string;
  territory: { code: string; name: string };
  area_level?: string;
  service: string;
  service_title?: string;
  profile: string;
  thresholds_s: number[];
  population_total: number;
  coverage: CoverageRow[];
  median_s: number | null;
  p90_s: number | null;
  age_bands: BandResult[] | null;
  areas: AreaResult[] | null;
  gaps: Gap[] | null;
  gaps_omitted?: { count: number; population: number };
  facilities: { count: number; unplaced?: { name: string; reason: string }[] | null };
  notices: ReportNotice[] | null;
}

export interface ReportSummary {
  id: string;
  title: string;
  territory?: string;
  service?: string;
  created_at?: string;
}

export type JobStatus = 'accepted' | 'running' | 'successful' | 'failed' | 'dismissed';

export interface Job {
  jobID: string;
  status: JobStatus;
  /** 0…100 */
  progress?: number;
  message?: string;
  links?: Link[];
}
