import type { Task } from '../../lib/task';
import { shelf } from './state.svelte';

export const task: Task = {
  id: 'data',
  icon: 'it-box',
  label: 'data.title',
  wide: true,
  load: () => import('./Task.svelte'),
  read: (q) => shelf.read(q),
  write: (q) => shelf.write(q),
};
