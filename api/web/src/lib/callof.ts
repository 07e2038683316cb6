// A request of the page as something to run elsewhere.
export interface Call {
  /** path and query on this server */
  path: string;
  method?: 'GET' | 'POST';
  /** JSON that is sent */
  body?: unknown;
  headers?: Record<string, string>;
}

/** quoted makes one word of a shell out of any text. */
export const quoted = (s: string): string => `'${s.replace(/'/g, "'\\''")}'`;

/** curl writes a call as a command for a shell. */
export function curl(call: Call, origin: string): string {
  const parts = ['curl', '-sS'];
  for (const [k, v] of Object.entries(call.headers ?? {})) parts.push('-H', quoted(`${k}: ${v}`));
  if (call.body !== undefined) parts.push('-H', quoted('Content-Type: application/json'), '-d', quoted(JSON.stringify(call.body)));
  else if (call.method === 'POST') parts.push('-X', 'POST');
  parts.push(quoted(origin + call.path));
  return parts.join(' ');
}
