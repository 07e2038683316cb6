// What the server answers to a question of coverage, as far as the page reads it.
import type { ReportNotice } from '../../lib/types';

/** A row of counts; its numbers are null where they are hidden. */
export interface CountRow {
  threshold_s: number;
  covered: number | null;
  uncovered: number | null;
  unreachable: number | null;
  share: number | null;
  suppressed?: boolean;
  /** uncovered counts also those who cannot get there at all, who are too few to be told. */
  unreachable_suppressed?: boolean;
}

export interface Counts {
  population: number | null;
  coverage: CountRow[];
  suppressed?: boolean;
}

export interface BandCounts extends Counts {
  band: string;
}

export interface AreaCounts extends Counts {
  code: string;
  name: string;
  age_bands?: BandCounts[] | null;
}

export interface LeftOut {
  name: string;
  kind: 'place' | 'near' | 'area';
  lon: number;
  lat: number;
  population: number;
  unreachable: number | null;
  time_s: number | null;
  area_code: string;
  area_name: string;
  facility?: string;
  /** what it is called in each language, when it has no name of its own */
  facility_names?: Record<string, string>;
  place?: string;
  distance_m?: number;
  bearing?: string;
  part?: number;
  /** how many of the group cannot get there at all is hidden */
  unreachable_suppressed?: boolean;
}

export interface Parameter {
  name: string;
  label?: Record<string, string>;
  value: unknown;
  unit?: string;
  source?: string;
}

export interface Report {
  territory: { code: string; name: string };
  created_at: string;
  area_level?: string;
  service: string;
  service_title?: string;
  profile: string;
  thresholds_s: number[];
  population_total: number | null;
  coverage: CountRow[];
  age_bands: BandCounts[] | null;
  areas: AreaCounts[] | null;
  gaps: LeftOut[] | null;
  gaps_omitted?: { count: number; population: number | null };
  ranges?: {
    threshold_s: number;
    low: number | null;
    high: number | null;
    cases: { name: string; label?: Record<string, string>; share: number | null }[];
  }[];
  disclosure?: { threshold: number; primary: number; secondary: number } | null;
  facilities: { count: number; unplaced?: { name: string; reason: string }[] | null };
  inputs: { dataset: string; version: string; role: string; title?: string; attribution?: string; sha256?: string }[];
  method: {
    coverage: string;
    quantiles: string;
    gaps: string;
    model?: string;
    parameters: Parameter[];
    formulas: { name: string; text: string; source?: string }[];
  };
  notices: ReportNotice[] | null;
  program: { name?: string; version: string };
}

export interface Rule {
  id: string;
  title: Record<string, string>;
  source: string;
  status: string;
  date: string;
  met: boolean | null;
  value: number | null;
  required?: number;
  unit?: string;
  people_not_met: number | null;
  why?: Record<string, string>;
  suppressed?: boolean;
}

export interface Facility {
  id: string;
  name: string;
  /** what it is called in each language, when it has no name of its own */
  names?: Record<string, string>;
  lon: number;
  lat: number;
  extra?: boolean;
}

export interface Exploration {
  report: Report;
  rules?: Rule[];
  facilities: Facility[];
  facilities_omitted?: number;
  surface: { bounds: [number, number, number, number]; maxzoom: number; most: number };
  stamp: string;
  tiles: string;
}

export interface Leg {
  kind: string;
  seconds: number;
  metres: number;
  up_m: number;
  down_m: number;
  ground?: { label: string; share: number; kmh: number }[];
  name?: string;
  ref?: string;
  class?: string;
  kmh?: number;
  speed_source?: string;
  transit?: {
    line?: string;
    mode?: string;
    headsign?: string;
    from?: string;
    to?: string;
    /** stops from getting on to getting off */
    calls?: number;
    /** HH:MM:SS */
    depart?: string;
    arrive?: string;
  } | null;
}

export interface Journey {
  type: 'FeatureCollection';
  features: GeoJSON.Feature[];
  about: {
    profile: string;
    seconds: number;
    metres: number;
    facility: Facility;
    legs: Leg[];
    /** which of the departures of a window it is */
    departure?: {
      depart: string;
      date: string;
      from: string;
      until: string;
      percentile: number;
      departures: number;
      least_s: number;
      most_s: number;
    };
    method: string;
    text: Record<string, string>;
    notices: ReportNotice[] | null;
  };
}

/** The inputs of the process coverage-explore. */
export interface Inputs {
  territory: string;
  service: string;
  profile: string;
  season?: string[];
  without?: string[];
  extra?: { lon: number; lat: number; name: string }[];
}
