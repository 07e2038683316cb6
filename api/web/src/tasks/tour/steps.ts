// The steps of the tour: what the page does, and what the ring is around.
import { api, isAbort } from '../../lib/api';
import { address } from '../../lib/state/address.svelte';
import { chosen } from '../../lib/state/territory.svelte';

export interface Step {
  id: 'welcome' | 'place' | 'map' | 'area' | 'coverage' | 'reports' | 'end';
  /** what is shown, best first */
  around: readonly string[];
  act: () => void | Promise<void>;
}

/** lowest goes to a territory that contains no other, so that its page is full. */
async function lowest(): Promise<void> {
  address.go('places');
  if (chosen.detail && !chosen.detail.children_count) return;
  try {
    let found = (await api.territories({ limit: 1 }))[0];
    for (let depth = 0; found?.children_count && depth < 8; depth++) found = (await api.territories({ parent: found.code, limit: 1 }))[0];
    if (found) await chosen.choose(found.code);
  } catch (e) {
    // The page itself says what is wrong; the tour goes on with what is there.
    if (!isAbort(e)) return;
  }
}

/** whole goes to the territory that contains the others. */
async function whole(): Promise<void> {
  const top = chosen.detail?.ancestors?.at(-1);
  if (top) await chosen.choose(top.code);
}

export const steps: readonly Step[] = [
  { id: 'welcome', around: ['header [role="search"]'], act: () => address.go('places') },
  { id: 'place', around: ['#panel'], act: lowest },
  { id: 'map', around: ['.beside', '#map'], act: () => address.go('map') },
  { id: 'area', around: ['#panel'], act: () => address.go('area') },
  {
    id: 'coverage',
    around: ['#panel'],
    act: async () => {
      await whole();
      address.go('coverage');
    },
  },
  { id: 'reports', around: ['#panel'], act: () => address.go('reports') },
  { id: 'end', around: ['footer'], act: () => address.go('places') },
];
