// Where a map is drawn slowly (without a graphics card) it moves with fewer
// pixels, and is sharp again when it rests.
import type { Map as MapLibre } from 'maplibre-gl';

/** milliseconds that a picture may take */
const smooth = 33;
/** of the pixels along a side, what is left at least */
const least = 0.4;
/** pictures that are looked at before something is decided */
const looked = 3;
/** milliseconds at rest before the map is sharp again */
const rest = 160;

/** share is how much of the pixels along a side can be drawn in time, when at now pictures take so long; by fifths, so that it does not flicker. */
export function share(ms: number, now: number): number {
  const wanted = now * Math.sqrt(smooth / Math.max(1, ms));
  return wanted >= 0.9 ? 1 : Math.max(least, Math.round(wanted * 5) / 5);
}

/** quicken watches a map as long as there is one. */
export function quicken(map: MapLibre): void {
  let now = 1;
  let wanted = 1;
  let last = 0;
  let times: number[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const set = (to: number): void => {
    if (to === now) return;
    now = to;
    times = [];
    // Without a number the ratio is that of the screen, whichever it comes to be.
    map.setPixelRatio(to === 1 ? (undefined as unknown as number) : to * devicePixelRatio);
  };

  map.on('render', () => {
    const moving = map.isMoving();
    const at = performance.now();
    if (moving && last > 0) times.push(at - last);
    last = moving ? at : 0;
    if (!moving) return;
    clearTimeout(timer);
    if (times.length >= looked) {
      const middle = [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
      times = [];
      wanted = share(middle, now);
    }
    set(wanted);
  });
  map.on('moveend', () => {
    last = 0;
    times = [];
    clearTimeout(timer);
    if (now < 1) timer = setTimeout(() => !map.isMoving() && set(1), rest);
  });
  map.once('remove', () => clearTimeout(timer));
}
