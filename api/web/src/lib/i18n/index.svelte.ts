// The language of the page: chosen, remembered, applied.
import type { Lang } from '../types';
import { Translator } from './translate';

const storageKey = 'contado.lang';

/** preferred picks the language: the address, then the last choice, then the browser. */
export function preferred(asked: string | null, stored: string | null, languages: readonly string[]): Lang {
  for (const l of [asked, stored]) if (l === 'it' || l === 'en') return l;
  for (const l of languages) {
    if (l.toLowerCase().startsWith('it')) return 'it';
    if (l.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}

const translators: Record<Lang, Translator> = { it: new Translator('it'), en: new Translator('en') };

class Locale {
  lang = $state<Lang>('en');
  readonly tr = $derived(translators[this.lang]);

  /** whether the address of the page names the language */
  inAddress = $state(false);

  start(): void {
    const asked = new URLSearchParams(location.hash.slice(1)).get('lang') ?? new URLSearchParams(location.search).get('lang');
    this.inAddress = asked !== null;
    this.lang = preferred(asked, recall(), navigator.languages);
  }

  choose(lang: Lang): void {
    this.lang = lang;
    remember(lang);
  }
}

// Storage may be switched off; then the choice lasts as long as the page.
function recall(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

function remember(lang: Lang): void {
  try {
    localStorage.setItem(storageKey, lang);
  } catch {
    return;
  }
}

export const locale = new Locale();
