// The guided tour: whether it is offered, and which step is shown.
import { catalog } from '../../lib/state/catalog.svelte';
import { steps } from './steps';

const storageKey = 'contado.tour';

// Storage may be switched off; then the offer comes back with the next visit.
function seen(): boolean {
  try {
    return localStorage.getItem(storageKey) !== null;
  } catch {
    return false;
  }
}

function remember(): void {
  try {
    localStorage.setItem(storageKey, 'seen');
  } catch {
    return;
  }
}

class Tour {
  /** the step that is shown; −1: the tour is not on */
  at = $state(-1);
  private declined = $state(seen());
  /** what had the focus before */
  private from: HTMLElement | null = null;

  readonly on = $derived(this.at >= 0);
  /** The offer is for those who look around in the demonstration for the first time. */
  readonly offered = $derived(!this.on && !this.declined && catalog.state === 'ready' && catalog.invented && catalog.hasTerritories);

  start(): void {
    this.from = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.decline();
    this.at = 0;
  }

  decline(): void {
    this.declined = true;
    remember();
  }

  next(): void {
    if (this.at >= steps.length - 1) this.stop();
    else this.at++;
  }

  back(): void {
    if (this.at > 0) this.at--;
  }

  /** stop ends the tour; the focus goes back to where it was. */
  stop(): void {
    this.at = -1;
    const to = this.from?.isConnected ? this.from : document.getElementById('panel');
    this.from = null;
    to?.focus();
  }
}

export const tour = new Tour();
