import type { Task } from '../../lib/task';

export const task: Task = {
  id: 'data',
  icon: 'it-box',
  label: 'data.title',
  wide: true,
  load: () => import('./Task.svelte'),
  read: () => undefined,
  write: () => undefined,
};
