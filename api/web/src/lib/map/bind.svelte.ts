// Keeps a map as the state says: layers, base map, selection, relief.
import type { StyleSpecification } from 'maplibre-gl';
import { layers, type Layer } from '../state/layers.svelte';
import { chosen } from '../state/territory.svelte';
import { rasterQuery, type Look } from './look';
import { ground } from './ground.svelte';
import { marked } from './marks';
import type { Picture, Scene } from './scene';

/** Instead is a layer that is shown with another look: the other side of a comparison. */
export interface Instead {
  id: string;
  look: Look;
}

/** bindScene starts the effects of one map; they end with the effect that called it. */
export function bindScene(scene: Scene, instead: () => Instead | null = () => null): void {
  $effect(() => {
    for (const l of layers.list) if (l.visible) void l.load();
    const other = instead();
    const forced = other ? layers.find(other.id) : undefined;
    if (forced && !forced.visible) void forced.load();
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
    const here = instead?.id === l.id;
    // Of a layer of features the other side is the map without it.
    if (here && !l.raster) continue;
    if ((!l.visible && !here) || !l.style) continue;
    out.push(picture(l, here ? instead.look : l.look));
  }
  return out;
}

function picture(l: Layer, look: Look): Picture {
  // A fill of territories would dull the picture below; their borders stay.
  const dull = l.collection.contado.role === 'territory' && !look.by && (layers.rasterBelow || layers.areasCovered || ground.kind !== 'none');
  return { id: l.id, style: legible(l, look), query: rasterQuery(look), raster: l.raster, opacity: l.opacity, fill: dull ? 0 : 1 };
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
    made = { ...style, layers: marked(later, l.mark) };
    named.set(style, made);
  }
  return made;
}

const named = new WeakMap<StyleSpecification, StyleSpecification>();
