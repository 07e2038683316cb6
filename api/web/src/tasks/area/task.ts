import type { Task } from '../../lib/task';
import { area } from './state.svelte';

export const task: Task = {
  id: 'area',
  icon: 'it-pencil',
  label: 'area.title',
  load: () => import('./Task.svelte'),
  stage: { load: () => import('./Stage.svelte') },
  read: (q) => area.read(q),
  write: (q) => area.write(q),
};
