// Keeps a map as the state says: layers, base map, selection, relief.
import type { StyleSpecification } from 'maplibre-gl';
import { layers, type Layer } from '../state/layers.svelte';
import { chosen } from '../state/territory.svelte';
import { rasterQuery, type Look } from './look';
import { ground } from './ground.svelte';
import { marked } from './marks';
import type { Picture, Scene } from './scene';

/** Instead is what is shown in the place of the layer of its id: that layer with another look, or nothing. */
export interface Instead {
  layer: Layer;
  without: boolean;
}

/** bindScene starts the effects of one map; they end with the effect that called it. */
export function bindScene(scene: Scene, instead: () => Instead | null = () => null): void {
  $effect(() => {
    for (const l of layers.list) if (l.visible) void l.load();
    void instead()?.layer.load();
  });

  $effect(() => scene.draw(pictures(instead())));

  $effect(() => {
    if (ground.kind === 'own') void ground.load();
    scene.ground(ground.kind === 'own' ? ground.doc : null, ground.above);
  });

  $effect(() => scene.below(ground.kind === 'outside' ? ground.outside : null));

  $effect(() => {
    // What contains others has their borders already.
    const d = chosen.detail;
    scene.select(d && !d.children_count ? (d.geometry ?? null) : null);
  });

  $effect(() => {
    if (ground.relief) void ground.lift();
    scene.relief(ground.relief ? ground.heights : null, ground.exaggeration);
  });
}

/** pictures are the layers that are on, the lowest first. */
function pictures(instead: Instead | null): Picture[] {
  const out: Picture[] = [];
  for (const l of [...layers.list].reverse()) {
    const other = instead?.layer.id === l.id ? instead : null;
    if (other?.without) continue;
    const shown = other?.layer ?? l;
    if ((!l.visible && !other) || !shown.style) continue;
    out.push(picture(shown, shown.look, l.opacity));
  }
  return out;
}

function picture(l: Layer, look: Look, opacity: number): Picture {
  // A fill of territories would dull the picture below; their borders stay.
  const dull = l.collection.contado.role === 'territory' && !look.by && (layers.rasterBelow || layers.areasCovered || ground.kind !== 'none');
  return { id: l.id, style: legible(l, look), query: rasterQuery(look), raster: l.raster, opacity, fill: dull ? 0 : 1 };
}

/** Services are many and their names long: they are named where there is room for it. */
const serviceNames = 14;

/** legible gives a service its own mark, and its names later. */
function legible(l: Layer, look: Look): StyleSpecification {
  const style = l.style!;
  if (!l.mark || look.by) return style;
  let made = named.get(style);
  if (!made) {
    const later = style.layers.map((x) => (x.type === 'symbol' ? { ...x, minzoom: Math.max(x.minzoom ?? 0, serviceNames) } : x));
    made = { ...style, layers: marked(later, l.mark, l.collection.contado.count ?? 0) };
    named.set(style, made);
  }
  return made;
}

const named = new WeakMap<StyleSpecification, StyleSpecification>();
