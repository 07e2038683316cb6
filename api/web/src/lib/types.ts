// Short names for what the page reads of the HTTP API most often. The schema,
// made from its OpenAPI document, says what they hold; here they are as the
// page needs them: boxes of four numbers, links left out where none are
// followed. Lengths are metres, times seconds, coordinates longitude, latitude.
import type { Geometry } from 'geojson';
import type { components } from './api/schema';

type Schemas = components['schemas'];

export type Lang = 'it' | 'en';

/** west, south, east, north in degrees */
export type BBox = [number, number, number, number];

export type Link = Schemas['link'];
export type Status = Schemas['status'];
export type Landing = Schemas['landing'];
export type ReportSummary = Schemas['reportSummary'];

/** Problem is what went wrong; failures on the way have no type. */
export type Problem = Omit<Schemas['problem'], 'type'> & { type?: string };

export type Role =
  'imagery' | 'elevation' | 'landcover' | 'population' | 'territory' | 'place' | 'service' | 'road' | 'barrier' | 'hazard' | 'timetable' | 'other';

type Own = Schemas['own'];
type Item = NonNullable<Own['items']>[number];

export type RasterItem = Pick<Item, 'id'> & Partial<Pick<Item, 'datetime' | 'cloud_cover'>> & { bbox?: BBox };

export type CollectionFacts = Pick<Own, 'kind' | 'version'> &
  Partial<Omit<Own, 'kind' | 'version' | 'role' | 'items' | 'bands'>> & {
    role: Role;
    bands?: (Pick<Schemas['band'], 'name'> & Partial<Schemas['band']>)[] | null;
    /** the first ones, in the list of all collections */
    items?: RasterItem[] | null;
  };

export type Collection = Pick<Schemas['collection'], 'id'> &
  Partial<Pick<Schemas['collection'], 'title' | 'description' | 'license' | 'attribution'>> & {
    extent?: { spatial?: { bbox: number[][] }; temporal?: { interval: (string | null)[][] } };
    contado: CollectionFacts;
  };

export type Territory = Pick<Schemas['territory'], 'code' | 'name'> &
  Partial<Omit<Schemas['territory'], 'code' | 'name' | 'bbox' | 'links'>> & { bbox?: BBox | null };

export type TerritoryDetail = Territory & { ancestors?: Territory[]; children?: Territory[]; geometry?: Geometry | null };

/** Legend is a legend in one shape: its ramp stands apart from the entries. */
export interface Legend {
  title: string;
  unit?: string;
  entries: LegendEntry[];
  ramp?: { min: number; max: number; colors: string[] };
  /** how the values are computed, who says so, what to read below */
  formula?: string;
  source?: string;
  notes?: string[];
}

export type LegendEntry = Pick<Schemas['legend']['entries'][number], 'label' | 'color' | 'kind'>;

/** ReportNotice is a notice of an answer; its words in the language of the page are made from code and values where they are known. */
export type ReportNotice = Schemas['notice'] & { texts?: Partial<Record<Lang, string>>; values?: Record<string, number> };

/** CoverageRow is how many people a report counts within a time; share is null where nobody lives. */
export interface CoverageRow {
  threshold_s: number;
  covered: number;
  uncovered: number;
  unreachable: number;
  share: number | null;
}

/** CoverageReport is a kept report, as far as the page of a territory reads it. */
export interface CoverageReport extends Pick<
  Schemas['coverageReport'],
  'id' | 'title' | 'created_at' | 'service' | 'profile' | 'thresholds_s' | 'population_total'
> {
  territory: { code: string; name: string };
  service_title?: string;
  coverage: CoverageRow[];
  areas: { code: string; name: string; population: number; coverage: CoverageRow[] }[] | null;
}
