// The Italian texts of this task. {names} are filled in; .one and .other follow the number.
export const words = {
  'reports.title': 'Rapporti',
  'reports.kept': 'Rapporti già calcolati',

  'downloads.title': 'Rapporto completo',
  'downloads.html': 'Da stampare',
  'downloads.json': 'JSON',
  'downloads.csv': 'CSV',
} as const;
