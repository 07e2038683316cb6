import type { Task } from '../../lib/task';
import { about } from './state.svelte';

export const task: Task = {
  id: 'about',
  icon: 'it-info-circle',
  label: 'about.title',
  wide: true,
  hidden: true,
  load: () => import('./Task.svelte'),
  read: (q) => about.read(q),
  write: (q) => about.write(q),
};
