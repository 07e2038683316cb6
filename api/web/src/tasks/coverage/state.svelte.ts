// The coverage question, its computation and its answer.
import { api, asApiError, isAbort, type ApiError } from '../../lib/api';
import { runCoverage } from '../../lib/jobs';
import { layers } from '../../lib/state/layers.svelte';
import type { AreaResult, CoverageInputs, CoverageReport, Gap } from '../../lib/types';

class Coverage {
  state = $state<'none' | 'running' | 'ready' | 'error' | 'cancelled'>('none');
  progress = $state<number | null>(null);
  stage = $state('');
  report = $state.raw<CoverageReport | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** index of the threshold that map and tables show */
  row = $state(0);
  gap = $state.raw<Gap | null>(null);
  /** whether the map shows shares and gaps */
  onMap = $state(true);
  /** whether the map could tell which polygon is which area */
  mapped = $state(true);
  private running: AbortController | null = null;

  readonly areas = $derived<AreaResult[]>(this.report?.areas ?? []);
  readonly gaps = $derived<Gap[]>(this.report?.gaps ?? []);
  readonly threshold = $derived(this.report?.thresholds_s[this.row] ?? 0);

  async run(inputs: CoverageInputs): Promise<void> {
    this.running?.abort();
    const run = (this.running = new AbortController());
    this.state = 'running';
    this.progress = null;
    this.stage = '';
    this.error = null;
    try {
      const report = await runCoverage(api, inputs, {
        signal: run.signal,
        progress: (job) => {
          this.progress = job.progress ?? null;
          this.stage = job.message ?? '';
        },
      });
      this.take(report);
    } catch (e) {
      this.failed(e, run);
    }
  }

  /** open shows a kept report. */
  async open(id: string): Promise<void> {
    this.running?.abort();
    const run = (this.running = new AbortController());
    this.state = 'running';
    this.progress = null;
    this.error = null;
    try {
      this.take(await api.report(id, run.signal));
    } catch (e) {
      this.failed(e, run);
    }
  }

  private take(report: CoverageReport): void {
    this.row = Math.floor(report.thresholds_s.length / 2);
    this.gap = null;
    this.onMap = true;
    this.mapped = true;
    this.report = report;
    layers.onlyService(report.service);
    this.state = 'ready';
  }

  private failed(e: unknown, run: AbortController): void {
    if (this.running !== run) return;
    if (isAbort(e) || run.signal.aborted) {
      this.state = this.report ? 'ready' : 'cancelled';
      return;
    }
    this.error = asApiError(e);
    this.state = 'error';
  }

  cancel(): void {
    this.running?.abort();
  }
}

export const coverage = new Coverage();
