// The address of the page says which territory and view are open (#t=…&v=…&lang=…),
// so that a link can be shared and a reload changes nothing.
import { api, isAbort } from '../api';
import { locale } from '../i18n/index.svelte';
import { catalog } from './catalog.svelte';
import { chosen } from './territory.svelte';
import { view } from './view.svelte';

let opened = $state(false);

/** openAddress goes where the address says, else to the only root there is. */
export async function openAddress(): Promise<void> {
  const q = new URLSearchParams(location.hash.slice(1));
  if (q.get('v') === 'coverage') view.current = 'coverage';
  const code = q.get('t');
  opened = true;
  if (code) return chosen.choose(code);
  if (catalog.state !== 'ready' || !catalog.hasTerritories) return;
  try {
    const roots = await api.territories({});
    if (roots.length === 1 && roots[0] && chosen.code === null) await chosen.choose(roots[0].code);
  } catch (e) {
    // The picker asks again and shows what is wrong.
    if (!isAbort(e)) return;
  }
}

/** followAddress goes along when the address changes under the open page (a pasted link, the back button). */
export function followAddress(): () => void {
  const go = (): void => {
    const q = new URLSearchParams(location.hash.slice(1));
    const lang = q.get('lang');
    if (lang === 'it' || lang === 'en') {
      locale.inAddress = true;
      locale.choose(lang);
    }
    view.current = q.get('v') === 'coverage' ? 'coverage' : 'profile';
    const code = q.get('t');
    if (code && code !== chosen.code) void chosen.choose(code);
  };
  addEventListener('hashchange', go);
  return () => removeEventListener('hashchange', go);
}

export function writeAddress(): void {
  if (!opened) return;
  const q = new URLSearchParams();
  if (chosen.code) q.set('t', chosen.code);
  if (view.current !== 'profile') q.set('v', view.current);
  if (locale.inAddress) q.set('lang', locale.lang);
  const hash = q.size > 0 ? `#${q}` : '';
  if (hash !== location.hash) history.replaceState(null, '', location.pathname + location.search + hash);
}
