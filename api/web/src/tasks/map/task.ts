import type { Task } from '../../lib/task';
import { mapState } from './state.svelte';

export const task: Task = {
  id: 'map',
  icon: 'it-map-marker',
  label: 'map.title',
  load: () => import('./Task.svelte'),
  stage: { load: () => import('./Stage.svelte'), always: true },
  read: (q) => mapState.read(q),
  write: (q) => mapState.write(q),
};
