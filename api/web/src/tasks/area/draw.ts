// Drawing on the map with terra-draw, which is loaded when somebody draws.
import type { Map as MapLibre } from 'maplibre-gl';
import type { Polygon } from 'geojson';
import { TerraDraw, TerraDrawCircleMode, TerraDrawPolygonMode, TerraDrawRectangleMode, TerraDrawSelectMode } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import { ringsOf, settled, type Rings } from './shapes';

export type Shape = 'polygon' | 'rectangle' | 'circle';

const styles = {
  fillColor: '#0066cc',
  fillOpacity: 0.15,
  outlineColor: '#004d99',
  outlineWidth: 3,
} as const;

function start(map: MapLibre): TerraDraw {
  const node = { draggable: true, deletable: true, midpoints: true };
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 6, prefixId: 'area-drawing' }),
    modes: [
      new TerraDrawPolygonMode({ styles, showCoordinatePoints: true }),
      new TerraDrawRectangleMode({ styles }),
      new TerraDrawCircleMode({ styles }),
      new TerraDrawSelectMode({
        flags: { polygon: { feature: { draggable: true, coordinates: node } } },
        styles: {
          selectedPolygonColor: '#0066cc',
          selectedPolygonFillOpacity: 0.15,
          selectedPolygonOutlineColor: '#004d99',
          selectedPolygonOutlineWidth: 3,
        },
      }),
    ],
  });
  draw.start();
  return draw;
}

/** shape lets the reader draw one shape; the returned function gives it up. */
export function shape(map: MapLibre, kind: Shape, done: (rings: Rings) => void): () => void {
  const draw = start(map);
  draw.setMode(kind);
  let over = false;
  draw.on('finish', (id) => {
    const g = draw.getSnapshotFeature(id)?.geometry;
    if (over || g?.type !== 'Polygon') return;
    over = true;
    const rings = settled(ringsOf(g as Polygon));
    // terra-draw is still in its own handler.
    queueMicrotask(() => done(rings));
  });
  return () => {
    over = true;
    draw.stop();
  };
}

/** edit lets the reader drag the corners of a polygon; changed hears of every change. */
export function edit(map: MapLibre, rings: Rings, changed: (rings: Rings) => void): () => void {
  const draw = start(map);
  const added = draw.addFeatures([{ type: 'Feature', properties: { mode: 'polygon' }, geometry: { type: 'Polygon', coordinates: rings[0]! } }]);
  draw.setMode('select');
  const id = added[0]?.id;
  if (id !== undefined && added[0]?.valid) draw.selectFeature(id);
  draw.on('finish', () => {
    const g = id === undefined ? undefined : draw.getSnapshotFeature(id)?.geometry;
    if (g?.type === 'Polygon') changed(settled(ringsOf(g as Polygon)));
  });
  return () => draw.stop();
}
