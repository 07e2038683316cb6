// Names of the smallest territories, as points for the map.
import type { FeatureCollection } from 'geojson';
import type { Client } from '../api';

const most = 10_000;

/** territoryLabels asks for the territories of the lowest level and puts each name in the middle of its box. */
export async function territoryLabels(client: Client, signal: AbortSignal): Promise<FeatureCollection> {
  let level = await client.territories({ limit: most }, signal);
  // From the roots down the first branch: its lowest level is the one to name.
  let deepest = level[0];
  for (let i = 0; deepest?.children_count && i < 8; i++) {
    const below = await client.territories({ parent: deepest.code, limit: 1 }, signal);
    if (!below[0]) break;
    deepest = below[0];
  }
  if (deepest?.level && deepest !== level[0]) level = await client.territories({ level: deepest.level, limit: most }, signal);
  return {
    type: 'FeatureCollection',
    features: level.flatMap((t) =>
      t.bbox
        ? [
            {
              type: 'Feature' as const,
              // What is larger is named first where there is no room for all.
              properties: { name: t.name, rank: -(t.bbox[2] - t.bbox[0]) * (t.bbox[3] - t.bbox[1]) },
              geometry: { type: 'Point' as const, coordinates: [(t.bbox[0] + t.bbox[2]) / 2, (t.bbox[1] + t.bbox[3]) / 2] },
            },
          ]
        : [],
    ),
  };
}
