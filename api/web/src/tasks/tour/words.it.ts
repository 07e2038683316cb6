// The Italian texts of the guided tour.
export const words = {
  'tour.title': 'Visita guidata',
  'tour.offer': 'Prima volta qui?',
  'tour.offer.text': 'In due minuti vedi che cosa si può fare, sulla valle dimostrativa.',
  'tour.start': 'Inizia la visita',
  'tour.decline': 'No, grazie',
  'tour.step': 'Passo {n} di {of}',
  'tour.close': 'Chiudi la visita guidata',
  'tour.back': 'Indietro',
  'tour.next': 'Avanti',
  'tour.done': 'Fine',
  'tour.guide': 'Apri la guida completa',

  'tour.help': 'Guida a questa pagina: {task}',

  'tour.welcome': 'Cerca un luogo',
  'tour.welcome.text':
    'Scrivi qui un comune, una località, un servizio, o delle coordinate. Gli accenti non servono. La valle che vedi è inventata: puoi provare tutto.',
  'tour.place': 'La scheda di un territorio',
  'tour.place.text':
    'Quante persone e di che età, che cosa copre il suolo, l’ultima immagine limpida da satellite, i servizi. Accanto a ogni numero c’è «Come è stato calcolato?».',
  'tour.map': 'La carta',
  'tour.map.text': 'Accendi gli strati, cambia data alle immagini, confronta due momenti. Con un clic sulla carta chiedi che cosa c’è in quel punto.',
  'tour.area': 'Chiedi di un’area',
  'tour.area.text': 'Disegna un poligono, incollalo o scegli un territorio: hai ettari, persone, servizi e andamento nel tempo, da scaricare.',
  'tour.coverage': 'Chi arriva in tempo?',
  'tour.coverage.text':
    'Scegli un servizio, come ci si muove (a piedi, in bici, in auto, con gli autobus della valle) e in quanti minuti: la carta e le tabelle dicono chi è servito e chi resta fuori, località per località.',
  'tour.reports': 'Il rapporto da portare in consiglio',
  'tour.reports.text':
    'Un rapporto raccoglie mappe, tabelle, metodo e fonti. Si stampa, si salva in PDF, si condivide con un collegamento, si rifà quando i dati cambiano.',
  'tour.end': 'Ora tocca a te',
  'tour.end.text': 'La visita si può riprendere da qui sotto, in fondo alla pagina, dove trovi anche la guida e le fonti.',
} as const;
