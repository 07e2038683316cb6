// A made timetable: one bus line through some stops, as a GTFS feed in a zip.

export interface Stop {
  id: string;
  name: string;
  lon: number;
  lat: number;
}

const table = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(data: Buffer): number {
  let c = 0xffffffff;
  for (const b of data) c = table[(c ^ b) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** zip stores files without compressing them. */
function zip(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed; no flags, no method, no time
    common.writeUInt16LE(0x21, 8); // 1 January 1980
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const head = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name)]);
    const entry = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, Buffer.alloc(14), Buffer.from(name)]);
    entry.writeUInt32LE(at, 42);
    parts.push(head, data);
    list.push(entry);
    at += head.length + data.length;
  }
  const size = list.reduce((n, b) => n + b.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(list.length, 8);
  end.writeUInt16LE(list.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...list, end]);
}

const metres = (a: Stop, b: Stop): number => Math.hypot((b.lon - a.lon) * 111_320 * Math.cos((a.lat * Math.PI) / 180), (b.lat - a.lat) * 110_574);

/** chained orders stops from the first, each next one the nearest that is left. */
export function chained(stops: readonly Stop[]): Stop[] {
  const left = [...stops];
  const out = left.splice(0, 1);
  while (left.length > 0) {
    const last = out.at(-1)!;
    left.sort((a, b) => metres(last, a) - metres(last, b));
    out.push(left.shift()!);
  }
  return out;
}

const clock = (s: number): string => [s / 3600, (s / 60) % 60, s % 60].map((v) => String(Math.floor(v)).padStart(2, '0')).join(':');

/** feed runs a bus up and down the line every quarter of an hour on every day, at 30 km/h as the crow flies. */
export function feed(line: readonly Stop[], days: { from: string; to: string }): Buffer {
  const trips: string[] = [];
  const times: string[] = [];
  for (const [way, list] of [line, [...line].reverse()].entries()) {
    for (let start = 6 * 3600; start <= 21 * 3600; start += 900) {
      const trip = `t${way}-${start}`;
      trips.push(`l1,daily,${trip},${list.at(-1)!.name},${way}`);
      let at = start;
      list.forEach((s, i) => {
        if (i > 0) at += 30 + Math.round(metres(list[i - 1]!, s) / (30 / 3.6));
        times.push(`${trip},${clock(at)},${clock(at)},${s.id},${i + 1}`);
      });
    }
  }
  const csv = (head: string, rows: readonly string[]): string => `${head}\n${rows.join('\n')}\n`;
  return zip({
    'agency.txt': csv('agency_id,agency_name,agency_url,agency_timezone', ['a,Linea di prova,https://example.org,Europe/Rome']),
    'stops.txt': csv(
      'stop_id,stop_name,stop_lat,stop_lon',
      line.map((s) => `${s.id},${s.name.replace(/[",]/g, ' ')},${s.lat},${s.lon}`),
    ),
    'routes.txt': csv('route_id,agency_id,route_short_name,route_long_name,route_type', ['l1,a,1,Linea della valle,3']),
    'calendar.txt': csv('service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date', [
      `daily,1,1,1,1,1,1,1,${days.from},${days.to}`,
    ]),
    'trips.txt': csv('route_id,service_id,trip_id,trip_headsign,direction_id', trips),
    'stop_times.txt': csv('trip_id,arrival_time,departure_time,stop_id,stop_sequence', times),
  });
}
