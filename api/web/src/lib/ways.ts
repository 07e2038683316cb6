// Ways of moving, and which of them the data allow.
import type { Collection } from './types';

export const profiles = ['walking', 'senior-65', 'senior-80', 'wheelchair', 'bicycle', 'e-bike', 'car', 'bus-and-walk', 'straight-line'] as const;
export type ProfileId = (typeof profiles)[number];

/** ways are the ways of moving that the data allow. */
export function ways(collections: readonly Collection[]): ProfileId[] {
  const has = (role: string): boolean => collections.some((c) => c.contado.role === role);
  const ground = has('landcover') || has('road');
  return profiles.filter((p) => {
    if (p === 'straight-line') return true;
    if (p === 'bus-and-walk') return has('timetable');
    if (p === 'car' || p === 'bicycle' || p === 'e-bike') return has('road');
    return ground;
  });
}
