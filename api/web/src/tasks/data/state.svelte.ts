// What the reader looks at among the data: the list and its filters, one
// dataset, or an upload.
const filters = ['find', 'kind', 'role', 'licence', 'health'] as const;
export type Filter = (typeof filters)[number];

class Shelf {
  /** id of the dataset whose page is open; '' = the list */
  dataset = $state('');
  uploading = $state(false);
  order = $state('title');
  filter = $state<Record<Filter, string>>({ find: '', kind: '', role: '', licence: '', health: '' });

  read(q: URLSearchParams): void {
    this.dataset = q.get('d') ?? '';
    this.uploading = q.get('new') === '1';
    this.order = q.get('order') ?? 'title';
    for (const f of filters) this.filter[f] = q.get(f) ?? '';
  }

  write(q: URLSearchParams): void {
    if (this.dataset) q.set('d', this.dataset);
    if (this.uploading) q.set('new', '1');
    if (this.order !== 'title') q.set('order', this.order);
    for (const f of filters) if (this.filter[f]) q.set(f, this.filter[f]);
  }

  clear(): void {
    for (const f of filters) this.filter[f] = '';
  }
}

export const shelf = new Shelf();
