// What the map shows of the earth.
import type { Map as MapLibre } from 'maplibre-gl';
import type { BBox } from '../../lib/types';

/** viewBox is the box of what is seen, within the world. */
export function viewBox(map: MapLibre): BBox {
  const b = map.getBounds();
  return [Math.max(-180, b.getWest()), Math.max(-90, b.getSouth()), Math.min(180, b.getEast()), Math.min(90, b.getNorth())];
}

/** fingers is how many metres a finger's width (in pixels) covers in the middle of the map. */
export function fingers(map: MapLibre, pixels: number): number {
  const c = map.getCenter();
  return ((40_075_016.686 * Math.cos((c.lat * Math.PI) / 180)) / (512 * 2 ** map.getZoom())) * pixels;
}
