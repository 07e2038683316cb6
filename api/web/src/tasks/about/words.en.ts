// The English texts of this task. {names} are filled in; .one and .other follow the number.
export const words = {
  'about.title': 'About',
  'about.contents': 'On this page',
  'about.program': 'The program',
  'about.program.text':
    'Contado shows who lives where and what they can reach: maps, pages of territories, coverage of services and reports. It is free software under the EUPL 1.2.',
  'about.program.version': 'Version {version}, {datasets} datasets.',
  'about.program.since': 'Running since {date}.',
  'about.sources': 'Sources and licences of the data',
  'about.sources.text': 'Each dataset has a source and a licence of its own. Whoever reuses maps and figures names them as given here.',
  'about.sources.caption': 'Datasets with source and licence',
  'about.sources.dataset': 'Dataset',
  'about.sources.source': 'Source',
  'about.sources.licence': 'Licence',
  'about.sources.updated': 'Published',
  'about.accessibility': 'Accessibility',
  'about.accessibility.status': 'Conformance',
  'about.accessibility.status.text':
    'This application is designed to WCAG 2.2, level AA, and EN 301 549. Conformance is checked with every version by automatic tests (axe-core) of all pages in both languages, and by walks with the keyboard alone.',
  'about.accessibility.map': 'Maps',
  'about.accessibility.map.text':
    'A map cannot be read by a screen reader. Beside every map there is therefore a list or table with the same information, and everything that is done with a pointer can be done with the keyboard too, by writing a name or coordinates.',
  'about.accessibility.known': 'Known limits',
  'about.accessibility.known.text':
    'Names of places and descriptions of data are in the language of their source. Reports as PDF depend on the program that makes them.',
  'about.accessibility.contact': 'Feedback',
  'about.accessibility.contact.text':
    'Please report a barrier to the body that runs this server. An Italian public body that publishes it fills in the declaration of accessibility at form.agid.gov.it and gives its address here.',
  'about.privacy': 'Privacy',
  'about.privacy.text':
    'The page uses no cookies, does not measure its visitors and asks nothing of other servers: fonts, maps and programs all come from here. The browser remembers only the language that was chosen. Small numbers of people are hidden by the rule that reports state.',
  'about.software': 'Software and fonts',
  'about.software.text': 'The page is built with these free components, which the program includes.',
  'about.software.caption': 'Components with their licence',
  'about.software.name': 'Component',
  'about.software.use': 'What it is for',
  'about.software.use.look': 'look of the pages',
  'about.software.use.fonts': 'fonts',
  'about.software.use.map': 'map',
  'about.software.use.draw': 'drawing on the map',
  'about.software.use.archive': 'archives of maps',
  'about.software.use.page': 'interface',
} as const;
