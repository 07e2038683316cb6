import type { Task } from '../../lib/task';
import { places } from './state.svelte';

export const task: Task = {
  id: 'places',
  icon: 'it-map-marker-circle',
  label: 'places.title',
  load: () => import('./Task.svelte'),
  ahead: (code) => places.ahead(code),
  tells: true,
  read: (q) => places.read(q),
  write: (q) => places.write(q),
};
