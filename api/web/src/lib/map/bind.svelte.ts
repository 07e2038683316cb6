// Keeps the map as the state says: layers, labels, selection.
import { api, isAbort } from '../api';
import { layers, type Layer } from '../state/layers.svelte';
import { chosen } from '../state/territory.svelte';
import { territoryLabels } from './labels';
import type { Scene } from './scene';

/** bindScene starts the effects of one map; they end with the effect that called it. */
export function bindScene(scene: Scene): void {
  for (const layer of layers.list) $effect(() => bindLayer(scene, layer));

  $effect(() => {
    // What contains others has their borders already.
    const d = chosen.detail;
    scene.select(d && !d.children_count ? (d.geometry ?? null) : null);
  });

  $effect(() => {
    const stop = new AbortController();
    void labels(scene, stop.signal);
    return () => stop.abort();
  });

  $effect(() => {
    const on = layers.list.some((l) => l.visible && l.collection.contado.role === 'territory');
    scene.labelsVisible(on || layers.areasCovered);
  });
}

function bindLayer(scene: Scene, layer: Layer): void {
  if (!layer.visible) {
    scene.hide(layer.id);
    return;
  }
  if (!layer.style) {
    void layer.load();
    return;
  }
  // A fill of territories would dull the picture below; their borders stay.
  const dim = layer.collection.contado.role === 'territory' && (layers.rasterBelow || layers.areasCovered) ? 0 : 1;
  scene.show(layer.collection, layer.style, { opacity: layer.opacity, dim, item: layer.item });
}

async function labels(scene: Scene, signal: AbortSignal): Promise<void> {
  try {
    scene.labels(await territoryLabels(api, signal));
  } catch (e) {
    // Names on the map are an extra: the list of territories has them all.
    if (!isAbort(e)) scene.labels({ type: 'FeatureCollection', features: [] });
  }
}
