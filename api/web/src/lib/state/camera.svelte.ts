// Where the map should look next: components ask, the map obeys.
import type { BBox } from '../types';

export type Move = { kind: 'box'; box: BBox } | { kind: 'point'; lon: number; lat: number } | { kind: 'all' };

class Camera {
  move = $state.raw<Move | null>(null);

  fit(box: BBox | null | undefined): void {
    if (box) this.move = { kind: 'box', box };
  }

  flyTo(lon: number, lat: number): void {
    this.move = { kind: 'point', lon, lat };
  }

  all(): void {
    this.move = { kind: 'all' };
  }
}

export const camera = new Camera();
