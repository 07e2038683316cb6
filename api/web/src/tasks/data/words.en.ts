// The English texts of this task. {names} are filled in; .one and .other follow the number.
export const words = {
  'data.title': 'Data',
} as const;
