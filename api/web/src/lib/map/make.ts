// Makes the map. MapLibre is large: this file is loaded when the page stands.
import { addProtocol, Map as MapLibre, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import type { BBox } from '../types';
import type { Padding } from './host.svelte';
import { glide } from './glide';
import { answerShade, shadeScheme } from './shade';
import { inSoftware } from './software';

setWorkerUrl(workerUrl);
addProtocol(shadeScheme, answerShade);

export function makeMap(container: HTMLElement, bounds: BBox | null, padding: Padding): MapLibre {
  const map = new MapLibre({
    container,
    style: { version: 8, sources: {}, layers: [{ id: 'paper', type: 'background', paint: { 'background-color': '#eef0ec' } }] },
    ...(bounds ? { bounds, fitBoundsOptions: { padding } } : { center: [12.5, 42.5], zoom: 5 }),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    maxZoom: 19,
    fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 150,
  });
  if (inSoftware(map)) {
    // Without a graphics card four times the dots are four times the time.
    if (devicePixelRatio > 1) map.setPixelRatio(1);
    glide(map);
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new ScaleControl({ maxWidth: 90 }), 'bottom-left');
  // Whoever takes pictures of the page sees when the map has nothing left to draw.
  map.on('idle', () => (container.dataset.drawn = ''));
  for (const more of ['dataloading', 'movestart'] as const) map.on(more, () => delete container.dataset.drawn);
  return map;
}
