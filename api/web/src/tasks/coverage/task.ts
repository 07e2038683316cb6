import type { Task } from '../../lib/task';

export const task: Task = {
  id: 'coverage',
  icon: 'it-clock',
  label: 'coverage.title',
  load: () => import('./Task.svelte'),
  stage: { load: () => import('./Stage.svelte') },
  read: () => undefined,
  write: () => undefined,
};
