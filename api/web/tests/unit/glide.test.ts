import { expect, test } from 'vitest';
import type { Map as MapLibre } from 'maplibre-gl';
import { glide, lies, together, type Camera } from '../../src/lib/map/glide';

/** A flat camera, north up: one degree is one dot at zoom 0. */
class View {
  pitch = 0;
  bearing = 0;
  roll = 0;
  constructor(
    public lng: number,
    public lat: number,
    public zoom = 0,
    public width = 40,
    public height = 30,
  ) {}
  get center() {
    const { lng, lat } = this;
    return { lng, lat, wrap: () => ({ lng, lat }) };
  }
  clone(): View {
    return new View(this.lng, this.lat, this.zoom, this.width, this.height);
  }
  setCenter(at: { lng: number; lat: number }): void {
    [this.lng, this.lat] = [at.lng, at.lat];
  }
  screenPointToLocation(p: { x: number; y: number }) {
    const s = 2 ** this.zoom;
    return { lng: this.lng + (p.x - this.width / 2) / s, lat: this.lat - (p.y - this.height / 2) / s };
  }
  resize(width: number, height: number): void {
    [this.width, this.height] = [width, height];
  }
  locationToScreenPoint(at: { lng: number; lat: number }) {
    const s = 2 ** this.zoom;
    return { x: (at.lng - this.lng) * s + this.width / 2, y: (this.lat - at.lat) * s + this.height / 2 };
  }
}
const camera = (v: View): Camera => v as unknown as Camera;

/** Frame is a picture in memory, its rows from below as in WebGL; 0 is a clear dot. */
interface Frame {
  width: number;
  height: number;
  dots: Int32Array;
}
const frame = (width: number, height: number): Frame => ({ width, height, dots: new Int32Array(width * height) });

/** stage is as much of a map, its painter and WebGL as is needed, with a world in which each dot has a number of its own. */
function stage() {
  const screen = frame(40, 30);
  let [read, target]: [Frame, Frame] = [screen, screen];
  let bound: unknown = null;
  let cut: [number, number, number, number] | null = null;
  const limits: [number, number, number, number] = [0, 0, 0, 0];
  const sizes = new Map<unknown, [number, number]>();
  const of = (f: Frame | null) => f ?? screen;
  const consts = Object.fromEntries(
    'FRAMEBUFFER READ_FRAMEBUFFER DRAW_FRAMEBUFFER RENDERBUFFER COLOR_ATTACHMENT0 DEPTH_STENCIL_ATTACHMENT RGBA8 DEPTH24_STENCIL8 SCISSOR_TEST NEAREST LINEAR'
      .split(' ')
      .map((k) => [k, k]),
  );
  const gl = {
    ...consts,
    isContextLost: () => false,
    createFramebuffer: () => frame(0, 0),
    createRenderbuffer: () => ({}),
    bindRenderbuffer: (_: unknown, b: unknown) => (bound = b),
    renderbufferStorage: (_: unknown, __: unknown, w: number, h: number) => sizes.set(bound, [w, h]),
    framebufferRenderbuffer: (_: unknown, place: unknown, __: unknown, b: unknown) => {
      const [w, h] = sizes.get(b)!;
      if (place === 'COLOR_ATTACHMENT0') Object.assign(target, frame(w, h));
    },
    bindFramebuffer: (what: string, f: Frame | null) => {
      if (what !== 'DRAW_FRAMEBUFFER') read = of(f);
      if (what !== 'READ_FRAMEBUFFER') target = of(f);
    },
    enable: () => (cut = limits),
    disable: () => (cut = null),
    scissor: (...box: [number, number, number, number]) => limits.splice(0, 4, ...box),
    colorMask: () => undefined,
    clearColor: () => undefined,
    clear: () => target.dots.fill(0),
    blitFramebuffer: (x0: number, y0: number, x1: number, y1: number, X0: number, Y0: number, X1: number, Y1: number) => {
      for (let y = Math.max(0, Y0); y < Math.min(target.height, Y1); y++)
        for (let x = Math.max(0, X0); x < Math.min(target.width, X1); x++) {
          const sx = Math.floor(x0 + ((x + 0.5 - X0) / (X1 - X0)) * (x1 - x0));
          const sy = Math.floor(y0 + ((y + 0.5 - Y0) / (Y1 - Y0)) * (y1 - y0));
          target.dots[y * target.width + x] = read.dots[sy * read.width + sx]!;
        }
    },
  };
  const state = { moving: false, asked: 0, drawn: 0, version: 1, terrain: null as object | null, offscreen: false, asIfMoving: false };
  const heard = new Map<string, (() => void)[]>();
  const world = (lng: number, lat: number): number => state.version * 1_000_000 + (Math.floor(lat) + 600) * 1000 + Math.floor(lng) + 300;
  const painter = {
    width: 40,
    height: 30,
    context: {
      gl,
      setDirty: () => undefined,
      bindFramebuffer: { set: (f: Frame | null) => gl.bindFramebuffer('FRAMEBUFFER', f) },
    },
    /** draws the world where the camera looks, dot by dot */
    render: (_: unknown, v: View, data: { moving: boolean }) => {
      state.drawn++;
      state.asIfMoving = data.moving;
      painter.context.bindFramebuffer.set(null);
      const [left, low, w, h] = cut ?? [0, 0, painter.width, painter.height];
      for (let y = low; y < low + h; y++)
        for (let x = left; x < left + w; x++)
          target.dots[y * target.width + x] = world(v.lng + (x + 0.5 - v.width / 2) / 2 ** v.zoom, v.lat + (y + 0.5 - v.height / 2) / 2 ** v.zoom);
    },
  };
  const map = {
    painter,
    isMoving: () => state.moving,
    getTerrain: () => state.terrain,
    triggerRepaint: () => state.asked++,
    on: (kind: string, act: () => void) => heard.set(kind, [...(heard.get(kind) ?? []), act]),
    once: (kind: string, act: () => void) => heard.set(kind, [...(heard.get(kind) ?? []), act]),
  };
  const style = { _order: ['a'], _layers: { a: { hasOffscreenPass: () => state.offscreen } } };
  const fire = (kind: string) => heard.get(kind)?.forEach((act) => act());
  const show = (v: View) =>
    (painter.render as (s: unknown, v: View, d: unknown) => void)(style, v, { pixelRatio: 1, projectionTransition: 0, moving: state.moving });
  /** what MapLibre alone would show, row by row from below */
  const plain = (v: View): number[] => {
    const out: number[] = [];
    for (let y = 0; y < 30; y++)
      for (let x = 0; x < 40; x++) out.push(world(v.lng + (x + 0.5 - 20) / 2 ** v.zoom, v.lat + (y + 0.5 - 15) / 2 ** v.zoom));
    return out;
  };
  const set = painter.context.bindFramebuffer.set;
  const clean = () =>
    expect([painter.width, painter.height, cut, target, painter.context.bindFramebuffer.set(null)]).toEqual([40, 30, null, screen, set(null)]);
  glide(map as unknown as MapLibre);
  return { map: map as unknown as MapLibre, state, fire, show, plain, clean, seen: () => [...screen.dots] };
}

/** resting is a stage whose map has been drawn at a place and rests. */
function resting() {
  const s = stage();
  s.show(new View(10, 20));
  s.fire('idle');
  expect(s.seen()).toEqual(s.plain(new View(10, 20)));
  s.state.moving = true;
  return s;
}

/** settle lets the map draw as long as it asks to. */
function settle(s: ReturnType<typeof stage>, v: View): number {
  for (let n = 0; n < 60; n++) {
    const asked = s.state.asked;
    s.show(v);
    if (s.state.asked === asked) return n;
  }
  throw new Error('the map does not come to rest');
}

test('a moving map is its last picture, where that belongs now', () => {
  const s = resting();
  const v = new View(13, 18);
  s.show(v);
  const want = s.plain(v);
  const seen = s.seen();
  // Three dots to the west and two to the north are what the last picture does not have.
  for (let y = 0; y < 30; y++)
    for (let x = 0; x < 40; x++) {
      const there = x < 37 && y >= 2;
      expect(seen[y * 40 + x], `${x} ${y}`).toBe(there ? want[y * 40 + x] : 0);
    }
  expect(s.state.asked).toBeGreaterThan(0);
  s.clean();
});

test('a map that is held still comes to be what it would be at rest, and asks for no more', () => {
  const s = resting();
  for (let i = 1; i <= 5; i++) s.show(new View(10 + 2 * i, 20 - i));
  const v = new View(20, 15);
  expect(settle(s, v)).toBeGreaterThan(0);
  expect(s.seen()).toEqual(s.plain(v));
  expect(s.state.asIfMoving).toBe(false);
  // The picture is larger than the view: a little further nothing is missing.
  s.show(new View(29, 8));
  expect(s.seen()).toEqual(s.plain(new View(29, 8)));
  s.clean();
});

test('a map that moves on steadily has no gaps, because it is drawn ahead', () => {
  const s = resting();
  for (let i = 1; i <= 80; i++) {
    const v = new View(10 + 6 * i, 20 - 5 * i);
    s.show(v);
    if (i > 40) expect(s.seen(), `picture ${i}`).toEqual(s.plain(v));
  }
  s.clean();
});

test('what changes meanwhile is drawn, whoever tells of it', () => {
  const s = resting();
  const v = new View(20, 15);
  settle(s, v);
  s.state.version = 2;
  s.fire('data');
  settle(s, v);
  expect(s.seen()).toEqual(s.plain(v));
  s.state.version = 3;
  settle(s, v);
  expect(s.seen()).toEqual(s.plain(v));
});

test('at rest the map is drawn whole', () => {
  const s = resting();
  s.show(new View(12, 20));
  s.state.moving = false;
  s.fire('moveend');
  const drawn = s.state.drawn;
  s.show(new View(12.25, 20));
  expect(s.state.drawn).toBe(drawn + 1);
  expect(s.seen()).toEqual(s.plain(new View(12.25, 20)));
});

test.each([
  ['tilted', (_s: ReturnType<typeof stage>, v: View) => (v.pitch = 30)],
  ['turned', (_s: ReturnType<typeof stage>, v: View) => (v.bearing = 5)],
  ['lifted', (s: ReturnType<typeof stage>) => (s.state.terrain = {})],
  ['with layers that draw beside the picture', (s: ReturnType<typeof stage>) => (s.state.offscreen = true)],
])('a map that is %s is drawn whole each time', (_, make) => {
  const s = resting();
  const v = new View(13, 18);
  make(s, v);
  s.show(v);
  expect(s.seen()).toEqual(s.plain(v));
});

test('a map moves with the one beside it, and is drawn when that rests', () => {
  const s = resting();
  const other = stage();
  s.state.moving = false;
  together(s.map, other.map);
  together(s.map, other.map);
  other.state.moving = true;
  const drawn = s.state.drawn;
  s.show(new View(12, 20));
  expect(s.seen()).not.toEqual(s.plain(new View(12, 20)));
  expect(s.state.drawn).toBe(drawn + 1);
  other.state.moving = false;
  const asked = s.state.asked;
  other.fire('moveend');
  expect(s.state.asked).toBe(asked + 1);
  s.show(new View(12, 20));
  expect(s.seen()).toEqual(s.plain(new View(12, 20)));
});

test('a picture lies where its corners belong, also at another zoom and around the world', () => {
  const drawn = new View(100, 40, 2, 60, 50);
  const now = new View(103, 41, 2.7, 40, 30);
  const box = lies(camera(drawn), camera(now));
  const corner = now.locationToScreenPoint({ lng: 100 - 30 / 4, lat: 40 + 25 / 4 });
  expect(box.x).toBeCloseTo(corner.x, 9);
  expect(box.y).toBeCloseTo(corner.y, 9);
  expect(box.width).toBeCloseTo(60 * 2 ** 0.7, 9);
  expect(box.height).toBeCloseTo(50 * 2 ** 0.7, 9);
  expect(lies(camera(new View(179, 0)), camera(new View(-179, 0))).x).toBeCloseTo(-2, 9);
});
