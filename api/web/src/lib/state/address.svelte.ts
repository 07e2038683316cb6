// Which task is open, and the address that says everything that matters of it,
// so that a link can be shared, a reload changes nothing and "back" goes back.
import { untrack } from 'svelte';
import { api } from '../api';
import { locale } from '../i18n/index.svelte';
import { ground } from '../map/ground.svelte';
import { mapHost } from '../map/host.svelte';
import { findTask, home } from '../../tasks';
import type { Task, TaskId } from '../task';
import { panelStood } from './firstview';
import { formatCamera, formatHash, parseCamera, parseHash } from './hash';
import { layers } from './layers.svelte';
import { chosen } from './territory.svelte';

/** Browsers refuse many changes of the address in a short time. */
const pause = 150;

/** base map, its names above pictures, and relief beside tasks that do not write of them themselves */
const grounds = [
  ['base', 'gb'],
  ['above', 'gr'],
  ['relief', 'gz'],
] as const;

class Address {
  task = $state<TaskId>(home);
  /** counts changes of the address from outside: a link, the back button */
  arrivals = $state(0);
  /** whether it is known if there is a territory to begin with */
  aimed = $state(false);
  private opened = $state(false);
  private written: TaskId | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pending = '';
  /** the address as it was read or written last: another one is of somebody who goes elsewhere, which is told a moment later */
  private known = '';

  /** beside tells tasks with the map beside them that do not write of its layers themselves. */
  private get beside(): boolean {
    return this.task !== 'map' && !this.current.wide;
  }

  get current(): Task {
    return findTask(this.task)!;
  }

  /** href is the address of a task: what is chosen now, and the task's own parameters. */
  href(task: TaskId, params: Record<string, string> = {}): string {
    const q = this.shared();
    for (const [k, v] of Object.entries(params)) q.set(k, v);
    return formatHash(task, q);
  }

  /** go opens a task; with parameters the task reads them, without it is as it was left. */
  go(task: TaskId, params?: Record<string, string>): void {
    this.flush();
    if (params) {
      const { t, ...own } = params;
      if (t && t !== chosen.code) void chosen.choose(t);
      findTask(task)!.read(new URLSearchParams(own));
    }
    this.task = task;
  }

  /**
   * start goes where the address says, else to the only root there is. The task and its territory are fetched
   * beside the catalog, not after it; the task reads its parameters when the catalog is there.
   */
  async start(loaded: Promise<void>): Promise<void> {
    const { task, q } = parseHash(location.hash);
    const open = findTask(task) ?? this.current;
    // First what others wait for: a browser asks a server for six things at once.
    const found = this.aim(q, open);
    open.load().catch(() => undefined);
    await loaded;
    this.take(location.hash);
    this.opened = true;
    await found;
    if (chosen.code === null) panelStood();
  }

  /** aim chooses the territory that the address names, or the only root. */
  private async aim(q: URLSearchParams, open: Task): Promise<void> {
    try {
      const roots = q.get('t') ? [] : await api.territories({});
      const code = q.get('t') ?? (roots.length === 1 ? roots[0]!.code : null);
      if (!code || chosen.code !== null) return;
      open.ahead?.(code);
      this.aimed = true;
      await chosen.choose(code, { stay: parseCamera(q.get('m')) !== null });
    } catch {
      // The search asks again and shows what is wrong.
      return;
    } finally {
      this.aimed = true;
    }
  }

  /** follow goes along when the address changes under the open page. */
  follow(): () => void {
    const go = (): void => {
      clearTimeout(this.timer);
      this.pending = '';
      this.take(location.hash);
      this.arrivals++;
    };
    addEventListener('hashchange', go);
    return () => removeEventListener('hashchange', go);
  }

  /** write is an effect: it runs again when anything that it wrote has changed. */
  write(): void {
    if (!this.opened) return;
    const q = this.shared();
    this.current.write(q);
    // The map lies beside most tasks: what it shows is part of what a link shows.
    if (this.beside && layers.textBeside) q.set('ly', layers.textBeside);
    if (this.beside) for (const [part, name] of grounds) if (ground.written()[part]) q.set(name, ground.written()[part]!);
    if (mapHost.moved && mapHost.camera) q.set('m', formatCamera(mapHost.camera));
    const hash = formatHash(this.task, q);
    const task = this.task;
    untrack(() => this.put(hash, task));
  }

  private shared(): URLSearchParams {
    const q = new URLSearchParams();
    if (chosen.code) q.set('t', chosen.code);
    if (locale.inAddress) q.set('lang', locale.lang);
    return q;
  }

  private take(hash: string): URLSearchParams {
    const { task, q } = parseHash(hash);
    this.known = hash;
    const lang = q.get('lang');
    if (lang === 'it' || lang === 'en') {
      locale.inAddress = true;
      locale.choose(lang);
    }
    const camera = parseCamera(q.get('m'));
    if (camera) mapHost.look(camera);
    const code = q.get('t');
    if (code && code !== chosen.code) void chosen.choose(code, { stay: camera !== null });
    this.task = (findTask(task)?.id ?? home) as TaskId;
    this.written = this.task;
    this.current.read(q);
    const shown = q.get('ly');
    if (this.beside && shown !== null) layers.read(shown);
    // A link within the page says nothing of these, and changes nothing.
    if (this.beside && grounds.some(([, name]) => q.has(name))) ground.read({ base: q.get('gb'), above: q.get('gr'), relief: q.get('gz') }, camera);
    return q;
  }

  /** A change of task is a step in the history; a change within it is not. */
  private put(hash: string, task: TaskId): void {
    clearTimeout(this.timer);
    if (hash === location.hash || location.hash !== this.known) return;
    if (this.written !== null && task !== this.written) {
      history.pushState(null, '', location.pathname + location.search + hash);
      this.written = task;
      this.known = location.hash;
      this.pending = '';
      return;
    }
    this.written = task;
    this.pending = hash;
    this.timer = setTimeout(() => this.flush(), pause);
  }

  private flush(): void {
    clearTimeout(this.timer);
    if (this.pending && this.pending !== location.hash && location.hash === this.known) {
      history.replaceState(null, '', location.pathname + location.search + this.pending);
      this.known = location.hash;
    }
    this.pending = '';
  }
}

export const address = new Address();
