// What the server says when something cannot be done, in the reader's language
// where the sentence is one that readers of this page come across.
import type { Translator } from './translate';

/** sentences of the server, {} for what varies, their Italian, and plainer English where it speaks of cells */
export const told: readonly (readonly [server: string, it: string, en?: string])[] = [
  [
    'the place {}, {} is not on ground that can be walked',
    'da quel punto non si può camminare: è acqua, roccia o fuori dai dati',
    'nobody can walk from that point: it is water, rock, or beyond the data',
  ],
  [
    'travel: no facility can be reached from column {}, row {}',
    'da quel punto non si raggiunge nessun punto di servizio',
    'no facility can be reached from that point',
  ],
  [
    'road route: no facility can be reached from edge {} at {}',
    'da quel punto non si raggiunge nessun punto di servizio',
    'no facility can be reached from that point',
  ],
  ['a straight line has no legs to tell', 'una linea retta non ha tratti da raccontare'],
  ['choose another way of moving', 'scegli un altro modo di muoversi'],
  ['service {} has no facility {} here to be left out', 'quel punto di servizio qui non c’è più: scegline un altro da togliere'],
  ['service {} has no facility at all', 'il servizio «{1}» non ha nessun punto'],
  ['dataset {} has no places: a service needs points', 'l’insieme {1} non ha luoghi: per un servizio servono punti'],
  ['no dataset of role population covers territory {}', 'nessun dato sulla popolazione copre il territorio {1}'],
  ['profile {} needs a timetable, and none covers the territory', 'per muoversi in autobus serve un orario, e nessuno copre il territorio'],
  ['ingest a GTFS feed', 'carica un orario in formato GTFS'],
  [
    'public transport: from column {}, row {}, {} of {} departures arrive nowhere: there is no journey at percentile {}',
    'da quel punto {3} partenze su {4} non arrivano da nessuna parte: non c’è un viaggio da raccontare',
    'from that point {3} of {4} departures arrive nowhere: there is no journey to tell',
  ],
  ['the data have changed meanwhile', 'nel frattempo i dati sono cambiati'],
  ['ask again', 'chiedi di nuovo'],
  ['{} processes are running already', 'il server sta già facendo {1} calcoli'],
  ['try again soon, or run it as a job with the header Prefer: respond-async', 'riprova fra poco'],
  ['the reports are on two territories, {} ({}) and {} ({})', 'i rapporti sono su due territori, {1} ({2}) e {3} ({4})'],
  ['the reports have no service and way of moving in common: {}', 'i rapporti non hanno in comune né servizio né modo di muoversi: {1}'],
  ['compare reports on the same question', 'confronta rapporti sulla stessa domanda'],
  ['the reports have no travel time in common', 'i rapporti non hanno in comune nessun tempo di viaggio'],
  ['there is no report {}', 'il rapporto {1} non c’è'],
  ['the list is at /reports', 'l’elenco è nella pagina «Rapporti»'],
  ['there is no territory with code {}', 'non c’è un territorio con il codice {1}'],
  ['codes here begin {}; leading zeros count', 'i codici qui cominciano con {1}; gli zeri iniziali contano'],
  ['there is no dataset {}', 'l’insieme di dati {1} non c’è'],
  ['datasets here: {}', 'gli insiemi che ci sono: {1}'],
  ['there is no collection {}', 'l’insieme di dati {1} non c’è'],
];

const escaped = (s: string): string => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const compiled = told.map(([own, it, en]) => ({ pattern: new RegExp('^' + own.split('{}').map(escaped).join('(.*?)') + '$', 's'), it, en }));

/** serverText is a sentence of the server for readers of this page, and the language that it is in. */
export function serverText(t: Translator, text: string): { text: string; lang: 'it' | 'en' } {
  for (const { pattern, ...said } of compiled) {
    const own = said[t.lang];
    const m = own && pattern.exec(text);
    if (m) return { text: own.replace(/\{(\d)\}/g, (_, n: string) => m[Number(n)] ?? ''), lang: t.lang };
  }
  return { text, lang: 'en' };
}
