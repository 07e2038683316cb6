import type { Task } from '../../lib/task';

export const task: Task = {
  id: 'map',
  icon: 'it-map-marker',
  label: 'map.title',
  load: () => import('./Task.svelte'),
  stage: { load: () => import('./Stage.svelte'), always: true },
  read: () => undefined,
  write: () => undefined,
};
