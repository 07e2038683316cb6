// Whether the map is drawn without a graphics card, by the processor alone.
import type { Map as MapLibre } from 'maplibre-gl';

const renderers = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** isSoftware tells renderers in software by their names. */
export const isSoftware = (renderer: string): boolean => renderers.test(renderer);

/** inSoftware asks the map's own context, without making another. */
export function inSoftware(map: MapLibre): boolean {
  const gl = map.getCanvas().getContext('webgl2');
  if (!gl) return false;
  // Where the extension is not there, the plain name says it all.
  const named = gl.getExtension('WEBGL_debug_renderer_info');
  return isSoftware(String(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}
