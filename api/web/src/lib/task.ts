// What a task of the page is. Each has a folder under src/tasks; the list of
// them is src/tasks/index.ts.
import type { Component } from 'svelte';
import type { Key } from './i18n/translate';

export type TaskId = 'places' | 'map' | 'area' | 'coverage' | 'reports' | 'data' | 'about';

type Load = () => Promise<{ default: Component }>;

export interface Task {
  readonly id: TaskId;
  /** name in Bootstrap Italia's sprite */
  readonly icon: string;
  readonly label: Key;
  /** takes the whole width; the map is hidden meanwhile */
  readonly wide?: boolean;
  /** not in the navigation */
  readonly hidden?: boolean;
  /** the root component, for the panel beside the map */
  load: Load;
  /** asks for what the task shows of a territory, before the task is there */
  ahead?(code: string): void;
  /** the task itself says when it has what it shows first (lib/state/firstview.ts); others have it at once */
  readonly tells?: boolean;
  /** what lies over the map: while the task is open, or as long as there is a map */
  stage?: { load: Load; always?: boolean };
  /** takes the task's parameters from an address; a parameter that is not there means the default */
  read(q: URLSearchParams): void;
  /** puts the parameters that differ from the default */
  write(q: URLSearchParams): void;
}
