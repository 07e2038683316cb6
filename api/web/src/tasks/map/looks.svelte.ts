// What a dataset can be shown as: published indices that its bands allow,
// composites, colour maps.
import { asApiError, get, isAbort, type ApiError, type Answer } from '../../lib/api';
import type { Collection } from '../../lib/types';

export type Index = Answer<'/indices', 'get'>['indices'][number];
export type Colormap = Answer<'/colormaps', 'get'>['colormaps'][number];

class Looks {
  indices = $state.raw<Index[]>([]);
  colormaps = $state.raw<Colormap[]>([]);
  error = $state.raw<ApiError | null>(null);
  private asked = false;

  async load(): Promise<void> {
    if (this.asked) return;
    this.asked = true;
    this.error = null;
    try {
      const [i, c] = await Promise.all([get('/indices'), get('/colormaps')]);
      this.indices = i.indices;
      this.colormaps = c.colormaps;
    } catch (e) {
      this.asked = false;
      if (!isAbort(e)) this.error = asApiError(e);
    }
  }

  /** of lists the indices whose bands a dataset has. */
  of(c: Collection): Index[] {
    const have = bandNames(c);
    return this.indices.filter((i) => i.bands.every((b) => have.has(b)));
  }

  /** maps lists the colour maps that all readers can tell apart, of a kind. */
  maps(kinds: string[]): Colormap[] {
    return this.colormaps.filter((m) => m.cvd_safe && kinds.includes(m.kind));
  }
}

export function bandNames(c: Collection): Set<string> {
  return new Set((c.contado.bands ?? []).flatMap((b) => [b.name, b.common_name ?? b.name]));
}

/** Composites by common names, which satellites share. */
const composites = ['nir,red,green', 'swir16,nir,red', 'swir16,nir,blue'];

/** compositesOf lists those whose bands a dataset has. */
export function compositesOf(c: Collection): string[] {
  const have = bandNames(c);
  return composites.filter((x) => x.split(',').every((b) => have.has(b)));
}

/** masked tells whether clouds can be left out: there is a band of scene classes or of quality bits. */
export const masked = (c: Collection): boolean => (c.contado.bands ?? []).some((b) => /^(SCL|QA_PIXEL|qa_pixel|scl)$/.test(b.name));

export const looks = new Looks();
