import type { Task } from '../../lib/task';

export const task: Task = {
  id: 'places',
  icon: 'it-map-marker-circle',
  label: 'places.title',
  load: () => import('./Task.svelte'),
  read: () => undefined,
  write: () => undefined,
};
