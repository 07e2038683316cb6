// Something that is fetched for a component: its value, or why there is none.
import { asApiError, isAbort, type ApiError } from '../../lib/api';

export class Fetched<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  private turn = $state(0);

  /** fetch is called in an effect, again when what it reads changes; call it while a component is made. */
  constructor(fetch: (signal: AbortSignal) => Promise<T>) {
    $effect(() => {
      void this.turn;
      const stop = new AbortController();
      fetch(stop.signal)
        .then((v) => {
          this.value = v;
          this.error = null;
        })
        .catch((e: unknown) => {
          if (!isAbort(e)) this.error = asApiError(e);
        });
      return () => stop.abort();
    });
  }

  again = (): void => void this.turn++;
}
