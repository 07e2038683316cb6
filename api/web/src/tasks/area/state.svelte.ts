// The areas that are asked about, and what is asked about them. Small, because
// it is in the first bundle; the work is in the components.
import type { MultiPolygon, Polygon } from 'geojson';
import { longest, pack, unpack } from './packed';
import { areaOf, boxOf, checked, geometryOf, ringsOf, verticesOf, type Fault, type Rings } from './shapes';
import type { BBox, TerritoryDetail } from '../../lib/types';

export interface Area {
  /** a letter: as it is called in answers and on the map */
  code: string;
  /** what the reader or the territory calls it; may be empty */
  name: string;
  /** of a territory; null when it was drawn */
  territory: string | null;
  /** null while a territory is on its way */
  rings: Rings | null;
  /** why a territory could not be had */
  failed?: boolean;
}

export type Tool = 'none' | 'pick' | 'polygon' | 'rectangle' | 'circle' | 'edit';
export const tabs = ['stats', 'series', 'cover', 'features', 'people', 'heights'] as const;
export type Tab = (typeof tabs)[number];

/** areas at once */
export const most = 8;
const codes = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const choices = ['d', 'v', 'i', 'c', 'f', 'o', 'l'] as const;
/** what is chosen on the tabs: dataset, value, item, clouds left out, from, to, layer */
export type Choice = (typeof choices)[number];

class AreaTask {
  list = $state.raw<Area[]>([]);
  tool = $state<Tool>('none');
  tab = $state<Tab>('people');
  /** which area is being changed by hand */
  editing = $state<string | null>(null);
  /** what the tabs have been told, by `${tab}.${choice}` */
  chosen = $state<Record<string, string>>({});
  /** the box in which there are data; set by the page */
  data = $state.raw<BBox | null>(null);
  /** rows of a layer that the map shows */
  shown = $state.raw<{ dataset: string; geometry: GeoJSON.FeatureCollection } | null>(null);

  readonly faults = $derived(
    new Map<string, Fault[]>(this.list.map((a) => [a.code, a.rings ? checked(a.rings, a.territory ? null : this.data) : []])),
  );
  /** those that the server can be asked about */
  readonly ready = $derived(this.list.filter((a) => (a.territory || a.rings) && !a.failed && !this.faults.get(a.code)?.some((f) => f.stops)));
  /** drawn areas that the address cannot hold */
  readonly unlinked = $derived(this.list.filter((a) => !a.territory && a.rings && pack(a.rings).length > longest));

  private next(): string {
    return [...codes].find((c) => !this.list.some((a) => a.code === c)) ?? 'Z';
  }

  /** add takes a drawn area; null when there are too many. */
  add(rings: Rings, name = ''): Area | null {
    if (this.list.length >= most) return null;
    const a: Area = { code: this.next(), name, territory: null, rings };
    this.list = [...this.list, a];
    return a;
  }

  /** territory adds one, or takes it away when it is there. */
  toggle(code: string, name: string): boolean {
    const there = this.list.find((a) => a.territory === code);
    if (there) this.remove(there.code);
    else if (this.list.length < most) this.list = [...this.list, { code: this.next(), name, territory: code, rings: null }];
    else return false;
    return true;
  }

  /** outline gives a territory its name and shape; null when it could not be had. */
  outline(territory: string, d: TerritoryDetail | null): void {
    const g = d?.geometry as Polygon | MultiPolygon | null | undefined;
    const known = g && (g.type === 'Polygon' || g.type === 'MultiPolygon') ? ringsOf(g) : null;
    this.list = this.list.map((a) => (a.territory === territory ? { ...a, name: d?.name ?? a.name, rings: known, failed: !known } : a));
  }

  change(code: string, rings: Rings): void {
    this.list = this.list.map((a) => (a.code === code ? { ...a, rings } : a));
  }

  rename(code: string, name: string): void {
    this.list = this.list.map((a) => (a.code === code ? { ...a, name } : a));
  }

  remove(code: string): void {
    this.list = this.list.filter((a) => a.code !== code);
    if (this.editing === code) {
      this.editing = null;
      this.tool = 'none';
    }
  }

  clear(): void {
    this.list = [];
    this.tool = 'none';
    this.editing = null;
    this.shown = null;
  }

  pick(tab: Tab, choice: Choice, fallback = ''): string {
    return this.chosen[`${tab}.${choice}`] ?? fallback;
  }

  choose(tab: Tab, choice: Choice, value: string): void {
    this.chosen = { ...this.chosen, [`${tab}.${choice}`]: value };
  }

  read(q: URLSearchParams): void {
    const before = new Map(this.list.map((a) => [a.territory, a]));
    const list: Area[] = [];
    for (const word of q.getAll('a').slice(0, most)) {
      const [kind, rest] = [word[0], word.slice(1)];
      const code = codes[list.length]!;
      if (kind === 'T' && /^[\w.:-]{1,100}$/.test(rest)) {
        const old = before.get(rest);
        list.push({ code, name: old?.name ?? '', territory: rest, rings: old?.rings ?? null });
      } else if (kind === 'P') {
        const rings = unpack(rest);
        if (rings) list.push({ code, name: '', territory: null, rings });
      }
    }
    this.list = list;
    const names = q.getAll('n');
    list.forEach((a, i) => !a.territory && (a.name = (names[i] ?? '').slice(0, 80)));
    const tab = q.get('b');
    this.tab = tabs.find((x) => x === tab) ?? 'people';
    const chosen: Record<string, string> = {};
    for (const c of choices) {
      const v = q.get(c);
      if (v !== null && v.length <= 200) chosen[`${this.tab}.${c}`] = v;
    }
    this.chosen = chosen;
  }

  write(q: URLSearchParams): void {
    for (const a of this.list) {
      if (a.territory) q.append('a', `T${a.territory}`);
      else if (a.rings && !this.unlinked.includes(a)) q.append('a', `P${pack(a.rings)}`);
      else continue;
    }
    const linked = this.list.filter((a) => !this.unlinked.includes(a));
    if (linked.some((a) => !a.territory && a.name)) for (const a of linked) q.append('n', a.territory ? '' : a.name);
    if (this.tab !== 'people') q.set('b', this.tab);
    for (const c of choices) {
      const v = this.chosen[`${this.tab}.${c}`];
      if (v !== undefined) q.set(c, v);
    }
  }
}

export const area = new AreaTask();

/** squareMetres, corners and box of an area that is known. */
export function measures(a: Area): { m2: number; vertices: number; box: BBox } | null {
  return a.rings && { m2: areaOf(a.rings), vertices: verticesOf(a.rings), box: boxOf(a.rings) };
}

export { geometryOf };
