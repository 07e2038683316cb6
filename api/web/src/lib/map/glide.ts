// A moving map where no graphics card draws. Then most of a picture's time goes
// into its dots, several layers of them, and the picture is late. So the map
// moves as a picture of itself: the last one is laid where it belongs now, while
// the next one, a little larger than the view, is drawn in strips, one each time.
// At rest MapLibre draws as ever. Only dots are concerned: camera, clicks and
// what lies over the map go by the camera as it is at every moment.
import type { Map as MapLibre } from 'maplibre-gl';

type Painter = MapLibre['painter'];
type Style = Parameters<Painter['render']>[0];
type Data = Parameters<Painter['render']>[2];
/** a camera; those of flat maps that look north are meant here */
export type Camera = Parameters<Painter['render']>[1];

/** what is drawn around the view, in dots of the page: further away names are not placed */
const margin = 96;
/** in how many strips a picture is drawn */
const strips = 10;

/** maps that move together: one is moved when the other is */
const partners = new WeakMap<MapLibre, MapLibre>();

/** together lets two maps know that each moves with the other. */
export function together(a: MapLibre, b: MapLibre): void {
  if (partners.get(a) === b && partners.get(b) === a) return;
  for (const [one, other] of [[a, b] as const, [b, a] as const]) {
    partners.set(one, other);
    one.on('moveend', () => partners.get(one) === other && other.triggerRepaint());
    one.once('remove', () => partners.get(other) === one && partners.delete(other));
  }
}

/** Box is where a picture lies in a view, in dots of the page from its upper left. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  /** how much larger it is than it was drawn */
  scale: number;
}

/** lies tells where a picture that was drawn by one camera lies in the view of another. */
export function lies(drawn: Camera, now: Camera): Box {
  const scale = 2 ** (now.zoom - drawn.zoom);
  const middle = drawn.center;
  const at = drawn.locationToScreenPoint(middle);
  // The same place of the next world, where the camera has gone around this one.
  const here = middle.wrap();
  here.lng = middle.lng + 360 * Math.round((now.center.lng - middle.lng) / 360);
  const to = now.locationToScreenPoint(here);
  return { x: to.x - scale * at.x, y: to.y - scale * at.y, width: scale * drawn.width, height: scale * drawn.height, scale };
}

/** alike tells whether two cameras show the same, but for what lies around it. */
export const alike = (a: Camera, b: Camera): boolean => a.zoom === b.zoom && a.center.lng === b.center.lng && a.center.lat === b.center.lat;

/** strip is the first row and the number of rows of strip n of a picture; all strips together are the picture. */
export function strip(n: number, height: number): [number, number] {
  const from = Math.floor((n * height) / strips);
  return [from, Math.floor(((n + 1) * height) / strips) - from];
}

/** Sheet holds a picture. */
class Sheet {
  width = 0;
  height = 0;
  /** the camera of what is on it; null where nothing of use is */
  of: Camera | null = null;
  readonly frame: WebGLFramebuffer;
  private readonly colour: WebGLRenderbuffer;
  private readonly depth: WebGLRenderbuffer;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.frame = gl.createFramebuffer();
    this.colour = gl.createRenderbuffer();
    this.depth = gl.createRenderbuffer();
  }

  /** size makes room for so many dots; what was on it is gone if there were others. */
  size(width: number, height: number): void {
    if (this.width === width && this.height === height) return;
    const { gl } = this;
    this.of = null;
    [this.width, this.height] = [width, height];
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    for (const [buffer, format, place] of [
      [this.colour, gl.RGBA8, gl.COLOR_ATTACHMENT0],
      [this.depth, gl.DEPTH24_STENCIL8, gl.DEPTH_STENCIL_ATTACHMENT],
    ] as const) {
      gl.bindRenderbuffer(gl.RENDERBUFFER, buffer);
      gl.renderbufferStorage(gl.RENDERBUFFER, format, width, height);
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, place, gl.RENDERBUFFER, buffer);
    }
    gl.bindRenderbuffer(gl.RENDERBUFFER, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }
}

class Glide {
  private readonly gl: WebGL2RenderingContext;
  /** what is seen while the map moves */
  private shown: Sheet;
  /** what is being drawn */
  private next: Sheet;
  /** the camera when the last picture was begun */
  private begun: Camera | null = null;
  /** how many strips of it are there; none is begun where it has no camera */
  private done = 0;
  /** something has changed since the picture that is seen, or drawn, was begun */
  private stale = false;
  /** the coming picture was asked for here, and by nobody else */
  private own = false;
  /** the camera of the picture on the map, where MapLibre drew it whole */
  private whole: Camera | null = null;

  constructor(
    private readonly map: MapLibre,
    private readonly painter: Painter,
    private readonly draw: Painter['render'],
  ) {
    this.gl = painter.context.gl as WebGL2RenderingContext;
    this.shown = new Sheet(this.gl);
    this.next = new Sheet(this.gl);
    map.on('data', () => (this.stale = true));
    map.on('moveend', () => map.triggerRepaint());
    // Within the same turn as the last picture: it is still there to be kept.
    map.on('idle', () => this.whole && this.keep(this.whole));
  }

  render(style: Style, camera: Camera, data: Data): void {
    this.whole = null;
    if (!this.moves(style, camera, data)) {
      this.draw(style, camera, data);
      this.whole = camera;
      this.shown.of = this.next.of = this.begun = null;
      return;
    }
    if (!this.shown.of) {
      this.draw(style, camera, data);
      this.keep(camera);
      return;
    }
    if (!this.own && alike(this.shown.of, camera)) this.stale = true;
    this.own = false;
    if (this.next.of || this.stale || !alike(this.shown.of, camera)) this.step(style, camera, data);
    this.lay(this.shown, camera);
    if (this.next.of || this.stale || !alike(this.shown.of, camera)) {
      this.own = true;
      this.map.triggerRepaint();
    }
  }

  /** moves tells whether the map is moving, and flat: layers that draw beside the picture first would be cut to its strips. */
  private moves(style: Style, camera: Camera, data: Data): boolean {
    const { map } = this;
    if (!map.isMoving() && !partners.get(map)?.isMoving()) return false;
    if (camera.pitch !== 0 || camera.bearing !== 0 || camera.roll !== 0 || map.getTerrain() || data.projectionTransition > 0) return false;
    return !style._order.some((id) => style._layers[id]!.hasOffscreenPass());
  }

  /** keep takes over what has just been drawn. */
  private keep(camera: Camera): void {
    const { gl, painter, shown } = this;
    if (gl.isContextLost() || camera.pitch !== 0 || camera.bearing !== 0) return;
    shown.size(painter.width, painter.height);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, shown.frame);
    gl.blitFramebuffer(0, 0, shown.width, shown.height, 0, 0, shown.width, shown.height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    painter.context.setDirty();
    shown.of = camera.clone();
    this.next.of = null;
    this.stale = this.own = false;
  }

  /** step draws one strip of the next picture, and shows it when it is whole. */
  private step(style: Style, camera: Camera, data: Data): void {
    const { next } = this;
    if (!next.of) {
      const larger = this.ahead(camera);
      larger.resize(camera.width + 2 * margin, camera.height + 2 * margin, false);
      next.size(Math.round(larger.width * data.pixelRatio), Math.round(larger.height * data.pixelRatio));
      next.of = larger;
      this.done = 0;
      this.stale = false;
    }
    // The picture itself stands still: rasters lie on whole dots, as at rest.
    const still = { ...data, moving: false, zooming: false };
    this.onto(next, strip(this.done, next.height), () => this.draw(style, next.of!, still));
    if (++this.done < strips) return;
    [this.shown, this.next] = [next, this.shown];
    this.next.of = null;
  }

  /** ahead is a camera that looks to where the map will be when the picture is whole, if it goes on so. */
  private ahead(camera: Camera): ReturnType<Camera['clone']> {
    const out = camera.clone();
    const before = this.begun;
    this.begun = camera.clone();
    if (!before || before.zoom !== camera.zoom) return out;
    const middle = camera.locationToScreenPoint(camera.center);
    const { x, y } = lies(before, camera);
    const gone = [-x, -y].map((d) => Math.round(Math.min(margin, Math.max(-margin, d)))) as [number, number];
    if (gone[0] === 0 && gone[1] === 0) return out;
    middle.x += gone[0];
    middle.y += gone[1];
    out.setCenter(camera.screenPointToLocation(middle));
    return out;
  }

  /** onto lets act draw on rows of a sheet what it would draw on the map. */
  private onto(sheet: Sheet, [from, rows]: [number, number], act: () => void): void {
    const { gl, painter } = this;
    const { context, width, height } = painter;
    const target = context.bindFramebuffer;
    const set = target.set.bind(target);
    target.set = (f) => set(f ?? sheet.frame);
    [painter.width, painter.height] = [sheet.width, sheet.height];
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, from, sheet.width, rows);
    context.setDirty();
    try {
      act();
    } finally {
      target.set = set;
      [painter.width, painter.height] = [width, height];
      gl.disable(gl.SCISSOR_TEST);
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      context.setDirty();
    }
  }

  /** lay puts a picture where it belongs now. */
  private lay(sheet: Sheet, camera: Camera): void {
    const { gl, painter } = this;
    const ratio = painter.width / camera.width;
    const box = lies(sheet.of!, camera);
    const left = Math.round(box.x * ratio);
    const top = Math.round(box.y * ratio);
    const still = box.scale === 1;
    const right = still ? left + sheet.width : Math.round((box.x + box.width) * ratio);
    const bottom = still ? top + sheet.height : Math.round((box.y + box.height) * ratio);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.colorMask(true, true, true, true);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, sheet.frame);
    // Rows are counted from below.
    gl.blitFramebuffer(
      0,
      0,
      sheet.width,
      sheet.height,
      left,
      painter.height - bottom,
      right,
      painter.height - top,
      gl.COLOR_BUFFER_BIT,
      still ? gl.NEAREST : gl.LINEAR,
    );
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    painter.context.setDirty();
  }
}

/** glide lets a map move as a picture of itself, as long as its context lasts; with another one it is drawn as ever. */
export function glide(map: MapLibre): void {
  const { painter } = map;
  const moved = new Glide(map, painter, painter.render.bind(painter));
  painter.render = (style, camera, data) => moved.render(style, camera, data);
}
