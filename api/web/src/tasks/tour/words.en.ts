// The English texts of the guided tour.
export const words = {
  'tour.title': 'Guided tour',
  'tour.offer': 'New here?',
  'tour.offer.text': 'Two minutes show what you can do, on the valley of the demonstration.',
  'tour.start': 'Start the tour',
  'tour.decline': 'No, thanks',
  'tour.step': 'Step {n} of {of}',
  'tour.close': 'Close the guided tour',
  'tour.back': 'Back',
  'tour.next': 'Next',
  'tour.done': 'Finish',
  'tour.guide': 'Open the whole guide',

  'tour.help': 'Guide to this page: {task}',

  'tour.welcome': 'Find a place',
  'tour.welcome.text':
    'Type a municipality, a hamlet, a service or coordinates here. Accents do not matter. The valley that you see is invented: try whatever you like.',
  'tour.place': 'The page of a territory',
  'tour.place.text':
    'How many people and of what age, what covers the ground, the last clear satellite picture, the services. Beside each number is “How was this computed?”.',
  'tour.map': 'The map',
  'tour.map.text': 'Switch layers on, change the date of pictures, compare two moments. A click on the map asks what is at that point.',
  'tour.area': 'Ask about an area',
  'tour.area.text': 'Draw a polygon, paste one, or choose a territory: hectares, people, services and change over time, ready to download.',
  'tour.coverage': 'Who arrives in time?',
  'tour.coverage.text':
    'Choose a service, how people move (on foot, by bicycle, by car, by the valley’s buses) and within how many minutes: map and tables say who is served and who is left out, hamlet by hamlet.',
  'tour.reports': 'The report for the council',
  'tour.reports.text':
    'A report holds maps, tables, method and sources. Print it, keep it as PDF, share its link, and make it again when the data change.',
  'tour.end': 'Now it is your turn',
  'tour.end.text': 'The tour can be taken again from down here, where the guide and the sources are too.',
} as const;
