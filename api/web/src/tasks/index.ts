// The tasks of the page in the order of the navigation.
import type { Task, TaskId } from '../lib/task';
import { task as about } from './about/task';
import { task as area } from './area/task';
import { task as coverage } from './coverage/task';
import { task as data } from './data/task';
import { task as map } from './map/task';
import { task as places } from './places/task';
import { task as reports } from './reports/task';

export const tasks: readonly Task[] = [places, map, area, coverage, reports, data, about];

export const home: TaskId = 'places';

export function findTask(id: string): Task | undefined {
  return tasks.find((t) => t.id === id);
}
