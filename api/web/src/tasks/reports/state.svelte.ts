// What the reports task shows: the list with its filter, one report, or what
// changed from one to another.
class Reports {
  /** id of the report that is shown; null is the list */
  open = $state<string | null>(null);
  /** id of the report that it is compared with */
  other = $state<string | null>(null);
  words = $state('');
  /** only those of which the data are others now */
  stale = $state(false);

  show(id: string | null, other: string | null = null): void {
    this.open = id;
    this.other = other;
  }
}

export const reports = new Reports();
