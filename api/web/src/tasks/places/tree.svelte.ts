// The tree of territories: rows are asked for when their parent is opened.
// Below the lowest territories come the settlements of the place datasets.
import type { Geometry } from 'geojson';
import { get, api, asApiError, isAbort, type ApiError } from '../../lib/api';
import { nameFields } from '../../lib/fields';
import { catalog } from '../../lib/state/catalog.svelte';
import { holds } from './inside';

export interface TreeNode {
  id: string;
  name: string;
  level: string;
  people: number | null;
  depth: number;
  parent: TreeNode | null;
  /** null: not asked for yet; undefined: there are none */
  children: TreeNode[] | null | undefined;
  /** of a territory */
  code?: string;
  /** of a settlement */
  at?: { lon: number; lat: number; dataset: string; feature: number };
}

const most = 2000;
const peopleFields = ['population', 'abitanti', 'popolazione', 'residenti', 'pop'];
const sortFields = ['place', 'tipo', 'type', 'kind'];

function field(p: Record<string, unknown> | null, names: readonly string[]): unknown {
  for (const n of names) for (const k of Object.keys(p ?? {})) if (k.toLowerCase() === n) return p![k];
  return undefined;
}

export class Tree {
  roots = $state.raw<TreeNode[]>([]);
  state = $state<'none' | 'loading' | 'ready' | 'error'>('none');
  error = $state.raw<ApiError | null>(null);
  open = $state.raw<ReadonlySet<string>>(new Set());
  busy = $state.raw<ReadonlySet<string>>(new Set());
  private places: string | undefined;

  /** rows are the visible nodes from the top down. */
  readonly rows = $derived.by(() => {
    const out: TreeNode[] = [];
    const walk = (list: readonly TreeNode[]): void => {
      for (const n of list) {
        out.push(n);
        if (n.children && this.open.has(n.id)) walk(n.children);
      }
    };
    walk(this.roots);
    return out;
  });

  async load(): Promise<void> {
    if (this.state === 'loading' || this.state === 'ready') return;
    this.state = 'loading';
    this.error = null;
    this.places = catalog.collections.find((c) => c.contado.role === 'place' && c.contado.kind === 'vector')?.id;
    try {
      this.roots = await this.territories(null);
      this.state = 'ready';
      if (this.roots.length === 1) await this.expand(this.roots[0]!);
    } catch (e) {
      if (isAbort(e)) return;
      this.error = asApiError(e);
      this.state = 'error';
    }
  }

  /** expand shows what is below a node. */
  async expand(n: TreeNode): Promise<void> {
    if (n.children === undefined) return;
    if (n.children === null) {
      if (this.busy.has(n.id)) return;
      this.busy = new Set([...this.busy, n.id]);
      try {
        const below = n.code ? await this.territories(n) : [];
        const all = below.length > 0 ? below : await this.settlements(n);
        n.children = all.length > 0 ? all : undefined;
        this.roots = [...this.roots];
      } catch (e) {
        if (!isAbort(e)) this.error = asApiError(e);
        return;
      } finally {
        this.busy = new Set([...this.busy].filter((id) => id !== n.id));
      }
    }
    if (n.children) this.open = new Set([...this.open, n.id]);
  }

  collapse(n: TreeNode): void {
    this.open = new Set([...this.open].filter((id) => id !== n.id));
  }

  /** reveal opens the way down to a territory. */
  async reveal(codes: readonly string[]): Promise<void> {
    let list: readonly TreeNode[] = this.roots;
    for (const code of codes) {
      const n = list.find((x) => x.code === code);
      if (!n) return;
      await this.expand(n);
      list = n.children ?? [];
    }
  }

  private async territories(parent: TreeNode | null): Promise<TreeNode[]> {
    const query = parent?.code ? { parent: parent.code, people: true, limit: most } : { people: true, limit: most };
    const list = (await get('/territories', { query })).territories;
    return list.map((x) => ({
      id: `t ${x.code}`,
      name: x.name,
      level: x.level ?? '',
      people: x.people ?? null,
      depth: parent ? parent.depth + 1 : 1,
      parent,
      children: x.children_count > 0 || this.places ? null : undefined,
      code: x.code,
    }));
  }

  /** settlements are the places inside a territory, the largest first. */
  private async settlements(n: TreeNode): Promise<TreeNode[]> {
    if (!this.places || !n.code) return [];
    const dataset = this.places;
    const around = await api.territory(n.code, true);
    if (!around.bbox || !around.geometry) return [];
    const rows = (await api.sample(dataset, around.bbox, most)).features;
    const out: TreeNode[] = [];
    for (const f of rows) {
      if (f.geometry?.type !== 'Point' || !holds(around.geometry as Geometry, f.geometry.coordinates)) continue;
      const name = field(f.properties, nameFields);
      const people = Number(field(f.properties, peopleFields) ?? NaN);
      const sort = field(f.properties, sortFields);
      out.push({
        id: `p ${f.id}`,
        name: typeof name === 'string' && name ? name : String(f.id),
        level: typeof sort === 'string' ? sort : '',
        people: Number.isFinite(people) ? people : null,
        depth: n.depth + 1,
        parent: n,
        children: undefined,
        at: { lon: f.geometry.coordinates[0]!, lat: f.geometry.coordinates[1]!, dataset, feature: Number(f.id) },
      });
    }
    return out.sort((a, b) => (b.people ?? -1) - (a.people ?? -1) || a.name.localeCompare(b.name));
  }
}
