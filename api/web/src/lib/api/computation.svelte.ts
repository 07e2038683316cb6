// One question at a time and its answer, for the page to watch: a new question
// ends the one before, and the last answer stays until the next is there.
import { execute } from './client';
import { asApiError, isAbort, type ApiError } from './errors';
import type { Waiting } from './execute';

export class Computation<T> {
  state = $state<'idle' | 'running' | 'done' | 'failed' | 'cancelled'>('idle');
  /** 0…100, or null while the server does not say */
  progress = $state<number | null>(null);
  /** what the server says that it is doing */
  stage = $state('');
  result = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  private running: AbortController | null = null;

  /** execute runs a process of the server. */
  execute(process: string, inputs: object): Promise<T | null> {
    return this.run((w) => execute<T>(process, inputs, w));
  }

  /** run runs anything that can be given up; null when it failed or was overtaken. */
  async run(work: (w: Required<Pick<Waiting, 'signal' | 'onProgress'>>) => Promise<T>): Promise<T | null> {
    this.running?.abort();
    const run = (this.running = new AbortController());
    this.state = 'running';
    this.progress = null;
    this.stage = '';
    this.error = null;
    const onProgress: Required<Waiting>['onProgress'] = (job) => {
      if (this.running !== run) return;
      this.progress = job.progress ?? null;
      this.stage = job.message ?? '';
    };
    try {
      const result = await work({ signal: run.signal, onProgress });
      if (this.running !== run) return null;
      this.result = result;
      this.state = 'done';
      return result;
    } catch (e) {
      if (this.running !== run) return null;
      if (isAbort(e) || run.signal.aborted) {
        this.state = 'cancelled';
        return null;
      }
      this.error = asApiError(e);
      this.state = 'failed';
      return null;
    }
  }

  cancel(): void {
    this.running?.abort();
  }

  /** reset forgets question and answer. */
  reset(): void {
    this.running?.abort();
    this.running = null;
    this.state = 'idle';
    this.result = null;
    this.error = null;
  }
}
