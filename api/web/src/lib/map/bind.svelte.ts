// Keeps the map as the state says: layers, labels, selection, shares, gaps.
import { api, isAbort } from '../api';
import { coverage } from '../state/coverage.svelte';
import { layers, type Layer } from '../state/layers.svelte';
import { chosen } from '../state/territory.svelte';
import { locale } from '../i18n/index.svelte';
import { gapName } from '../gaps';
import { codeField } from './codes';
import { shareExpression } from './paint';
import { territoryLabels } from './labels';
import type { Scene } from './scene';
import type { FeatureCollection } from 'geojson';

/** bindScene starts the effects of one map; they end with the effect that called it. */
export function bindScene(scene: Scene): void {
  for (const layer of layers.list) $effect(() => bindLayer(scene, layer));

  $effect(() => {
    // What contains others has their borders already.
    const d = chosen.detail;
    void scene.select(d && !d.children_count ? (d.geometry ?? null) : null);
  });

  $effect(() => {
    const stop = new AbortController();
    void labels(scene, stop.signal);
    return () => stop.abort();
  });

  $effect(() => {
    const on = layers.list.some((l) => l.visible && l.collection.contado.role === 'territory');
    void scene.labelsVisible(on || coverage.report !== null);
  });

  $effect(() => {
    void scene.gaps(gapFeatures());
  });

  // The table has the same figures, so the page goes on without the colours.
  const noColours = () => (coverage.mapped = false);
  const fields = new Map<string, Promise<Coded | null>>();
  $effect(() => {
    const { report, row, onMap } = coverage;
    if (!report?.areas?.length || !onMap) {
      void scene.shares(null, '', null);
      return;
    }
    const areas = report.areas;
    let field = fields.get(report.id);
    if (!field) fields.set(report.id, (field = findCodes(areas.map((a) => a.code))));
    let stale = false;
    void field.then((f) => {
      if (stale) return;
      coverage.mapped = f !== null;
      if (f) void scene.shares(f.dataset, `/xyz/${encodeURIComponent(f.dataset)}.json`, shareExpression(f.field, areas, row));
      else void scene.shares(null, '', null);
    }, noColours);
    return () => (stale = true);
  });
}

function bindLayer(scene: Scene, layer: Layer): void {
  if (!layer.visible) {
    void scene.hide(layer.id);
    return;
  }
  if (!layer.style) {
    void layer.load();
    return;
  }
  // A fill of territories would dull the picture below; their borders stay.
  const dim = layer.collection.contado.role === 'territory' && (layers.rasterBelow || (coverage.report && coverage.onMap)) ? 0 : 1;
  void scene.show(layer.collection, layer.style, { opacity: layer.opacity, dim, item: layer.item });
}

async function labels(scene: Scene, signal: AbortSignal): Promise<void> {
  try {
    await scene.labels(await territoryLabels(api, signal));
  } catch (e) {
    // Names on the map are an extra: the list of territories has them all.
    if (!isAbort(e)) await scene.labels({ type: 'FeatureCollection', features: [] });
  }
}

interface Coded {
  dataset: string;
  field: string;
}

/** findCodes finds the dataset of the areas, and its attribute that holds their codes. */
async function findCodes(codes: string[]): Promise<Coded | null> {
  const first = await api.territory(codes[0]!, false);
  if (!first.dataset) return null;
  const [features, territories] = await Promise.all([
    api.sample(first.dataset, first.bbox ?? undefined, 50),
    api.territories({ ...(first.level ? { level: first.level } : first.parent ? { parent: first.parent } : {}), limit: 10_000 }),
  ]);
  const field = codeField(features.features, territories);
  return field ? { dataset: first.dataset, field } : null;
}

function gapFeatures(): FeatureCollection {
  if (!coverage.onMap) return { type: 'FeatureCollection', features: [] };
  return {
    type: 'FeatureCollection',
    features: coverage.gaps.map((g, i) => ({
      type: 'Feature',
      properties: { number: i + 1, name: gapName(g, locale.tr) },
      geometry: { type: 'Point', coordinates: [g.lon, g.lat] },
    })),
  };
}
