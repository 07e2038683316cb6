// A question of a tab that follows what is chosen: asked a moment after the
// last change, given up when another comes.
import { untrack } from 'svelte';
import type { Waiting } from '../../lib/api';
import { Computation } from '../../lib/api/computation.svelte';

const pause = 250;

/** asked returns the computation of whatever work says; null work waits. work is an effect: what it reads is followed. */
export function asked<T>(work: () => ((w: Waiting) => Promise<T>) | null): { c: Computation<T>; again: () => void } {
  const c = new Computation<T>();
  let last: ((w: Waiting) => Promise<T>) | null = null;
  let begun = false;
  $effect(() => {
    const next = work();
    last = next;
    if (!next) {
      untrack(() => c.reset());
      return;
    }
    const timer = setTimeout(() => void c.run(next), begun ? pause : 0);
    begun = true;
    return () => clearTimeout(timer);
  });
  $effect(() => () => c.cancel());
  return { c, again: () => last && void c.run(last) };
}
