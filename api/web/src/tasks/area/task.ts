import type { Task } from '../../lib/task';

export const task: Task = {
  id: 'area',
  icon: 'it-pencil',
  label: 'area.title',
  load: () => import('./Task.svelte'),
  read: () => undefined,
  write: () => undefined,
};
