// Which section of the page about the program is meant.
export const sections = ['program', 'sources', 'accessibility', 'privacy', 'software'] as const;
export type Section = (typeof sections)[number];

class About {
  section = $state<Section>('program');

  read(q: URLSearchParams): void {
    this.section = sections.find((s) => s === q.get('p')) ?? 'program';
  }

  write(q: URLSearchParams): void {
    if (this.section !== 'program') q.set('p', this.section);
  }
}

export const about = new About();
