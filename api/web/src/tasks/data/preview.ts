// The small map of the style editor; MapLibre is loaded when it is needed.
import type { Map as MapLibre } from 'maplibre-gl';
import type { BBox } from '../../lib/types';

export async function makeMap(container: HTMLElement, bbox: number[] | undefined, label: string): Promise<MapLibre> {
  const { makeMap: make } = await import('../../lib/map/make');
  const map = make(container, bbox?.length === 4 ? (bbox as BBox) : null, { top: 16, bottom: 16, left: 16, right: 16 });
  map.getCanvas().setAttribute('aria-label', label);
  return map;
}
