// Reads tables of an SQLite file (file format 3) that is whole in memory:
// enough for a GeoPackage, without running any of what it holds.

export type Value = number | string | Uint8Array | null;

export class FileFault extends Error {}

const header = 'SQLite format 3\0';
const most = 64; // depth of a tree

interface Entry {
  name: string;
  root: number;
  columns: string[];
}

export class SQLite {
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly size: number;
  private readonly usable: number;
  private readonly tables = new Map<string, Entry>();
  private readonly text = new TextDecoder();

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    if (buffer.byteLength < 512 || this.text.decode(this.bytes.subarray(0, 16)) !== header) throw new FileFault('header');
    const size = this.view.getUint16(16);
    this.size = size === 1 ? 65536 : size;
    this.usable = this.size - this.bytes[20]!;
    if (this.size < 512 || this.usable < 480 || this.view.getUint32(56) > 1) throw new FileFault('header');
    for (const [, row] of this.walk(1)) {
      const [type, name, , root, sql] = row;
      if (type === 'table' && typeof name === 'string' && typeof root === 'number' && typeof sql === 'string') {
        this.tables.set(name.toLowerCase(), { name, root, columns: columnsOf(sql) });
      }
    }
  }

  /** rows are those of a table, by column names in lower case; the row's id stands in for an INTEGER PRIMARY KEY. */
  *rows(table: string): Generator<Record<string, Value>> {
    const t = this.tables.get(table.toLowerCase());
    if (!t) throw new FileFault(table);
    for (const [, row] of this.walk(t.root)) {
      const out: Record<string, Value> = {};
      t.columns.forEach((c, i) => (out[c] = row[i] ?? null));
      yield out;
    }
  }

  private page(n: number): number {
    const at = (n - 1) * this.size;
    if (n < 1 || at + this.size > this.bytes.length) throw new FileFault('page');
    return at;
  }

  private *walk(root: number, depth = 0, seen = { pages: 0 }): Generator<[number, Value[]]> {
    if (depth > most || ++seen.pages > 1_000_000) throw new FileFault('tree');
    const at = this.page(root);
    const head = at + (root === 1 ? 100 : 0);
    const kind = this.bytes[head]!;
    const cells = this.view.getUint16(head + 3);
    if (kind === 5) {
      for (let i = 0; i < cells; i++) yield* this.walk(this.view.getUint32(at + this.view.getUint16(head + 12 + 2 * i)), depth + 1, seen);
      yield* this.walk(this.view.getUint32(head + 8), depth + 1, seen);
    } else if (kind === 13) {
      for (let i = 0; i < cells; i++) {
        let p = at + this.view.getUint16(head + 8 + 2 * i);
        const [length, a] = this.varint(p);
        const [id, b] = this.varint(p + a);
        p += a + b;
        yield [id, this.record(this.payload(p, length, at))];
      }
    } else throw new FileFault('page');
  }

  /** payload of a cell, with its overflow pages. */
  private payload(p: number, length: number, page: number): Uint8Array {
    const max = this.usable - 35;
    if (length > this.bytes.length) throw new FileFault('record');
    if (length <= max) {
      if (p + length > page + this.size) throw new FileFault('record');
      return this.bytes.subarray(p, p + length);
    }
    const min = Math.floor(((this.usable - 12) * 32) / 255) - 23;
    const k = min + ((length - min) % (this.usable - 4));
    const local = k <= max ? k : min;
    const out = new Uint8Array(length);
    out.set(this.bytes.subarray(p, p + local));
    let next = this.view.getUint32(p + local);
    let done = local;
    while (done < length) {
      const at = this.page(next);
      const part = Math.min(this.usable - 4, length - done);
      out.set(this.bytes.subarray(at + 4, at + 4 + part), done);
      done += part;
      next = this.view.getUint32(at);
    }
    return out;
  }

  private varint(p: number, b = this.bytes): [number, number] {
    let v = 0;
    for (let i = 0; i < 9; i++) {
      const x = b[p + i];
      if (x === undefined) throw new FileFault('record');
      if (i === 8) return [v * 256 + x, 9];
      v = v * 128 + (x & 127);
      if (x < 128) return [v, i + 1];
    }
    return [v, 9];
  }

  private record(b: Uint8Array): Value[] {
    const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
    const [head, a] = this.varint(0, b);
    const out: Value[] = [];
    let body = head;
    for (let p = a; p < head;) {
      const [type, n] = this.varint(p, b);
      p += n;
      const [value, size] = this.value(view, b, body, type);
      out.push(value);
      body += size;
    }
    return out;
  }

  private value(view: DataView, b: Uint8Array, p: number, type: number): [Value, number] {
    const sizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];
    const size = type < 10 ? sizes[type]! : Math.floor((type - 12) / 2);
    if (p + size > b.length || type === 10 || type === 11) throw new FileFault('record');
    switch (type) {
      case 0:
        return [null, 0];
      case 1:
        return [view.getInt8(p), 1];
      case 2:
        return [view.getInt16(p), 2];
      case 3:
        return [view.getInt16(p) * 256 + view.getUint8(p + 2), 3];
      case 4:
        return [view.getInt32(p), 4];
      case 5:
        return [view.getInt16(p) * 2 ** 32 + view.getUint32(p + 2), 6];
      case 6:
        return [Number(view.getBigInt64(p)), 8];
      case 7:
        return [view.getFloat64(p), 8];
      case 8:
      case 9:
        return [type - 8, 0];
    }
    const part = b.subarray(p, p + size);
    return [type % 2 === 0 ? part : this.text.decode(part), size];
  }
}

/** columnsOf are the names of the columns of a CREATE TABLE, in lower case. */
export function columnsOf(sql: string): string[] {
  const body = sql.slice(sql.indexOf('(') + 1);
  const out: string[] = [];
  let [depth, start] = [0, 0];
  let quote = '';
  const take = (end: number): void => {
    const m = /^\s*(?:"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|'([^']*)'|([^\s(]+))/.exec(body.slice(start, end));
    const name = m?.slice(1).find((x) => x !== undefined);
    // Constraints of the table stand behind its columns.
    if (name && !(m?.[5] && /^(constraint|primary|unique|check|foreign)$/i.test(name))) out.push(name.replace(/""/g, '"').toLowerCase());
    start = end + 1;
  };
  for (let i = 0; i < body.length; i++) {
    const c = body[i]!;
    if (quote) {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'" || c === '`') quote = c;
    else if (c === '[') quote = ']';
    else if (c === '(') depth++;
    else if (c === ')' && depth-- === 0) {
      take(i);
      break;
    } else if (c === ',' && depth === 0) take(i);
  }
  return out;
}
