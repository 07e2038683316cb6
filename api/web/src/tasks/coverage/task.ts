import type { Task } from '../../lib/task';
import { question } from './question.svelte';

export const task: Task = {
  id: 'coverage',
  icon: 'it-clock',
  label: 'coverage.title',
  load: () => import('./Task.svelte'),
  stage: { load: () => import('./Stage.svelte') },
  read: (q) => question.read(q),
  write: (q) => question.write(q),
};
