// The Italian texts of this task. {names} are filled in; .one and .other follow the number.
export const words = {
  'about.title': 'Informazioni',
  'about.contents': 'In questa pagina',
  'about.program': 'Il programma',
  'about.program.text':
    'Contado mostra chi abita dove e che cosa raggiunge: carte, schede dei territori, copertura dei servizi e rapporti. È software libero con licenza EUPL 1.2.',
  'about.program.version': 'Versione {version}, {datasets} insiemi di dati.',
  'about.program.since': 'In funzione dal {date}.',
  'about.sources': 'Fonti e licenze dei dati',
  'about.sources.text': 'Ogni insieme di dati ha la sua fonte e la sua licenza. Chi riusa carte e cifre le cita come indicato qui.',
  'about.sources.caption': 'Insiemi di dati con fonte e licenza',
  'about.sources.dataset': 'Insieme di dati',
  'about.sources.source': 'Fonte',
  'about.sources.licence': 'Licenza',
  'about.sources.updated': 'Pubblicato',
  'about.accessibility': 'Accessibilità',
  'about.accessibility.status': 'Stato di conformità',
  'about.accessibility.status.text':
    'Questa applicazione è progettata secondo le WCAG 2.2, livello AA, e la norma EN 301 549. La conformità è verificata a ogni versione con controlli automatici (axe-core) su tutte le pagine, nelle due lingue, e con percorsi da sola tastiera.',
  'about.accessibility.map': 'Le carte',
  'about.accessibility.map.text':
    'Una carta non è leggibile con un lettore di schermo. Per questo ogni carta ha accanto un elenco o una tabella con le stesse informazioni, e ogni azione che si fa con il puntatore si può fare anche con la tastiera, scrivendo un nome o delle coordinate.',
  'about.accessibility.known': 'Limiti noti',
  'about.accessibility.known.text':
    'I nomi dei luoghi e le descrizioni dei dati sono nella lingua della fonte. I rapporti in PDF dipendono dal programma che li produce.',
  'about.accessibility.contact': 'Segnalazioni',
  'about.accessibility.contact.text':
    'Chi incontra una barriera la segnali all’ente che gestisce questo server. L’ente che lo pubblica deve compilare la dichiarazione di accessibilità su form.agid.gov.it e indicarne qui l’indirizzo.',
  'about.privacy': 'Riservatezza',
  'about.privacy.text':
    'La pagina non usa cookie, non misura chi la visita e non chiede nulla ad altri server: caratteri, carte e programmi vengono tutti da qui. Nel browser resta memorizzata soltanto la lingua scelta. I numeri piccoli di persone sono nascosti secondo la regola indicata nei rapporti.',
  'about.software': 'Software e caratteri',
  'about.software.text': 'La pagina è costruita con questi componenti liberi, inclusi nel programma.',
  'about.software.caption': 'Componenti con la loro licenza',
  'about.software.name': 'Componente',
  'about.software.use': 'A che cosa serve',
  'about.software.use.look': 'aspetto delle pagine',
  'about.software.use.fonts': 'caratteri',
  'about.software.use.map': 'carta',
  'about.software.use.draw': 'disegno sulla carta',
  'about.software.use.archive': 'archivi di carte',
  'about.software.use.page': 'interfaccia',
} as const;
