// The Italian texts of this task. {names} are filled in; .one and .other follow the number.
export const words = {
  'data.title': 'Dati',
} as const;
