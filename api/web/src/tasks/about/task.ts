import type { Task } from '../../lib/task';

export const task: Task = {
  id: 'about',
  icon: 'it-info-circle',
  label: 'about.title',
  wide: true,
  hidden: true,
  load: () => import('./Task.svelte'),
  read: () => undefined,
  write: () => undefined,
};
