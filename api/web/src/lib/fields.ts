// How attributes are called that hold the name of a thing.
export const nameFields: readonly string[] = ['name', 'nome', 'denominazione', 'title', 'titolo', 'label'];

/** named tells whether an attribute of that name says what a thing is called. */
export const named = (field: string | undefined): boolean => field !== undefined && nameFields.includes(field.toLowerCase());

/** nameFirst puts the attribute with the name before the others, which stay in their order. */
export function nameFirst<F extends { name: string }>(fields: readonly F[]): F[] {
  const i = nameFields.map((n) => fields.findIndex((f) => f.name.toLowerCase() === n)).find((at) => at >= 0) ?? -1;
  return i < 0 ? [...fields] : [fields[i]!, ...fields.filter((_, at) => at !== i)];
}
