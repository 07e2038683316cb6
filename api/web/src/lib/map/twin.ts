// Two maps that look at the same place: one over the other, or on both halves
// of the same frame.
import type { Map as MapLibre } from 'maplibre-gl';
import { together } from './glide';

/** tall tells whether the halves lie above each other. */
export const tall = (): boolean => matchMedia('(max-width: 767.98px)').matches;

/** place sets the second map as the first; beside it, to what the first shows in the middle of its own half. */
export function place(main: MapLibre, other: MapLibre, beside: boolean): void {
  const box = main.getContainer();
  const center = beside
    ? main.unproject(tall() ? [box.clientWidth / 2, box.clientHeight / 4] : [box.clientWidth / 4, box.clientHeight / 2])
    : main.getCenter();
  together(main, other);
  other.jumpTo({ center, zoom: main.getZoom(), bearing: main.getBearing(), pitch: main.getPitch() });
}

/** lead sets the first map after the second, which lies beside it. */
export function lead(main: MapLibre, other: MapLibre): void {
  const box = main.getContainer();
  together(main, other);
  main.jumpTo({ center: other.getCenter(), zoom: other.getZoom(), bearing: other.getBearing(), pitch: other.getPitch() });
  main.panBy(tall() ? [0, box.clientHeight / 4] : [box.clientWidth / 4, 0], { duration: 0 });
}

const steps: Record<string, number> = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100 };

/** stepped is where a key moves the handle to, in percent; null for other keys. */
export function stepped(split: number, key: string): number | null {
  const by = steps[key];
  return by === undefined ? null : Math.min(100, Math.max(0, split + by));
}
