import type { Task } from '../../lib/task';
import { reports } from './state.svelte';

export const task: Task = {
  id: 'reports',
  icon: 'it-file',
  label: 'reports.title',
  wide: true,
  load: () => import('./Task.svelte'),
  read: (q) => {
    reports.open = q.get('r');
    reports.other = q.get('c');
    reports.words = q.get('q') ?? '';
    reports.stale = q.get('stale') === 'true';
  },
  write: (q) => {
    if (reports.open) {
      q.set('r', reports.open);
      if (reports.other) q.set('c', reports.other);
      return;
    }
    if (reports.words) q.set('q', reports.words);
    if (reports.stale) q.set('stale', 'true');
  },
};
