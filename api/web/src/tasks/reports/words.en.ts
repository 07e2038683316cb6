// The English texts of this task. {names} are filled in; .one and .other follow the number.
export const words = {
  'reports.title': 'Reports',
  'reports.kept': 'Reports computed before',

  'downloads.title': 'Full report',
  'downloads.html': 'To print',
  'downloads.json': 'JSON',
  'downloads.csv': 'CSV',
} as const;
