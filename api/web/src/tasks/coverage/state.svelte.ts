// The answers to the question of coverage: each stays until the next is there.
import { api } from '../../lib/api';
import { Computation } from '../../lib/api/computation.svelte';
import type { IsolationAnswer } from './isolation';
import type { Exploration, Inputs, Journey } from './model';
import { question } from './question.svelte';

const process = 'coverage-explore';

class Coverage {
  readonly main = new Computation<Exploration>();
  /** the same with ranges and rules, which take longer */
  readonly details = new Computation<Exploration>();
  /** the groups beyond the minutes chosen */
  readonly left = new Computation<Exploration>();
  readonly other = new Computation<Exploration>();
  readonly journey = new Computation<Journey>();
  /** several services at once */
  readonly several = new Computation<IsolationAnswer>();
  /** what the answers shown were asked with, as text */
  asked = $state('');
  leftOf = $state('');
  detailsOf = $state('');
  otherOf = $state('');
  journeyOf = $state('');
  severalOf = $state('');
  /** the next click on the map says where one more facility is */
  picking = $state(false);
  /** the group that the map marks */
  marked = $state<string | null>(null);

  readonly limit = $derived(this.main.result?.report.disclosure?.threshold ?? 3);

  /** ask puts the question; those that hang on it follow. */
  async ask(inputs: Inputs): Promise<void> {
    const key = JSON.stringify(inputs);
    if (key === this.asked && this.main.state !== 'failed' && this.main.state !== 'cancelled') return;
    this.asked = key;
    this.details.cancel();
    this.left.cancel();
    await this.main.execute(process, inputs);
  }

  async askLeft(inputs: Inputs, minutes: number): Promise<void> {
    const key = JSON.stringify([inputs, minutes]);
    if (key === this.leftOf && this.left.state !== 'failed' && this.left.state !== 'cancelled') return;
    this.leftOf = key;
    await this.left.execute(process, { ...inputs, thresholds: [minutes * 60] });
  }

  async askDetails(inputs: Inputs): Promise<void> {
    const key = JSON.stringify(inputs);
    if (key === this.detailsOf && this.details.state !== 'failed' && this.details.state !== 'cancelled') return;
    this.detailsOf = key;
    await this.details.execute(process, { ...inputs, ranges: true, rules: ['it-standards'] });
  }

  async askOther(inputs: Inputs): Promise<void> {
    const key = JSON.stringify(inputs);
    if (key === this.otherOf && this.other.state !== 'failed' && this.other.state !== 'cancelled') return;
    this.otherOf = key;
    await this.other.execute(process, inputs);
  }

  async askJourney(inputs: Inputs, from: { lon: number; lat: number }): Promise<void> {
    const key = JSON.stringify([inputs, from]);
    if (key === this.journeyOf && this.journey.state !== 'failed' && this.journey.state !== 'cancelled') return;
    this.journeyOf = key;
    this.journey.result = null;
    await this.journey.execute('coverage-explain', { ...inputs, from: [from.lon, from.lat] });
  }

  async askSeveral(inputs: object): Promise<void> {
    const key = JSON.stringify(inputs);
    if (key === this.severalOf && this.several.state !== 'failed' && this.several.state !== 'cancelled') return;
    this.severalOf = key;
    await this.several.execute('coverage-isolation', inputs);
  }

  forgetOther(): void {
    this.other.reset();
    this.otherOf = '';
  }

  forgetJourney(): void {
    this.journey.reset();
    this.journeyOf = '';
    question.from = null;
    question.then = false;
  }

  /** open asks again what a kept report of one service asked. */
  async open(id: string): Promise<void> {
    const r = await api.report(id);
    question.service = r.service;
    question.profile = r.profile;
  }
}

export const coverage = new Coverage();
