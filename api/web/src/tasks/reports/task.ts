import type { Task } from '../../lib/task';

export const task: Task = {
  id: 'reports',
  icon: 'it-file',
  label: 'reports.title',
  wide: true,
  load: () => import('./Task.svelte'),
  read: () => undefined,
  write: () => undefined,
};
