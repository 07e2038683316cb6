// A map that stands upright, or one that can be tilted and turned.
import type { Map as MapLibre } from 'maplibre-gl';

const most = 75;
const first = 55;

/** tilt lets a map be tilted and turned, and tilts it as asked; or lays it flat, with north up. */
export function tilt(map: MapLibre, on: boolean, turned: { bearing: number; pitch: number } | null): void {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (on === map.dragRotate.isEnabled()) return;
  if (on) {
    map.setMaxPitch(most);
    map.dragRotate.enable();
    map.touchZoomRotate.enableRotation();
    map.touchPitch.enable();
    map.keyboard.enableRotation();
    if (turned) map.jumpTo(turned);
    else if (map.getPitch() < 5) map.easeTo({ pitch: first, duration: calm ? 0 : 800 });
    return;
  }
  map.dragRotate.disable();
  map.touchZoomRotate.disableRotation();
  map.touchPitch.disable();
  map.keyboard.disableRotation();
  map.jumpTo({ pitch: 0, bearing: 0 });
  map.setMaxPitch(0);
}
