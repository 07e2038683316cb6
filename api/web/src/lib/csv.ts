// Tables as CSV, in the form that spreadsheets of the reader's language open.
import type { Lang } from '../lib/types';

export type Cell = string | number | null | undefined;

/** csv writes rows; Italian spreadsheets expect semicolons and decimal commas. */
export function csv(rows: readonly (readonly Cell[])[], lang: Lang): string {
  const sep = lang === 'it' ? ';' : ',';
  const cell = (v: Cell): string => {
    if (v === null || v === undefined) return '';
    if (typeof v === 'number') return Number.isFinite(v) ? (lang === 'it' ? String(v).replace('.', ',') : String(v)) : '';
    // A text that begins like a formula would be run by a spreadsheet.
    const safe = /^[=+\-@\t\r]/.test(v) ? `'${v}` : v;
    return /["\r\n;,]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  // The mark tells spreadsheets that this is UTF-8.
  return `\ufeff${rows.map((r) => r.map(cell).join(sep)).join('\r\n')}\r\n`;
}

/** save hands a text to the reader as a file. */
export function save(name: string, text: string, media = 'text/csv;charset=utf-8'): void {
  const url = URL.createObjectURL(new Blob([text], { type: media }));
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
