// The Italian texts of this task. {names} are filled in; .one and .other follow the number.
export const words = {
  'area.title': 'Area',
} as const;
