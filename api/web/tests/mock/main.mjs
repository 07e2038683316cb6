// A stand-in for the program while the page is developed and tested: serves
// dist and the invented land of this folder. Never shipped.
// Usage: node tests/mock/main.mjs [port]; prints its address.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as land from './answers.mjs';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const policy =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const jobs = new Map();

function send(res, status, body, headers = {}) {
  res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  res.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

function problem(res, status, title, detail, hint) {
  send(res, status, { type: 'about:blank', title, status, detail, hint }, { 'Content-Type': 'application/problem+json' });
}

async function file(res, path) {
  const full = normalize(join(dist, path));
  if (!full.startsWith(dist)) return problem(res, 404, 'Not Found', path);
  try {
    send(res, 200, await readFile(full), { 'Content-Type': types[extname(full)] ?? 'application/octet-stream', 'Content-Security-Policy': policy });
  } catch {
    problem(res, 404, 'Not Found', `there is nothing at ${path}`);
  }
}

async function body(req) {
  const parts = [];
  for await (const p of req) parts.push(p);
  return JSON.parse(Buffer.concat(parts).toString() || '{}');
}

function jobState(id) {
  const j = jobs.get(id);
  const done = Math.min(1, (Date.now() - j.since) / j.takes);
  return {
    jobID: id,
    processID: 'coverage-report',
    type: 'process',
    status: j.dismissed ? 'dismissed' : done < 1 ? 'running' : 'successful',
    progress: Math.floor(done * 100),
    message: 'travel times',
    links: [],
  };
}

async function execute(req, res) {
  const { inputs } = await body(req);
  if (!land.territory(inputs.territory)) return problem(res, 404, 'Not Found', `there is no territory ${inputs.territory}`, 'see /territories');
  const id = `job-${jobs.size + 1}`;
  jobs.set(id, { since: Date.now(), takes: Number(process.env.MOCK_JOB_MS ?? 700), inputs });
  send(res, 201, jobState(id), { Location: `/jobs/${id}` });
}

function job(req, res, [id, part]) {
  if (!jobs.has(id)) return problem(res, 404, 'Not Found', `there is no job ${id}`);
  if (req.method === 'DELETE') jobs.get(id).dismissed = true;
  send(res, 200, part === 'results' ? land.report(jobs.get(id).inputs) : jobState(id));
}

function xyz(res, url, base, parts) {
  if (parts.length === 1) return found(res, land.tileJSON(base, parts[0].replace(/\.json$/, ''), url.search));
  const [id, z, x, last] = parts;
  const [y, ext] = last.split('.');
  const data = land.tile(id, Number(z), Number(x), Number(y), ext);
  if (data === undefined) return problem(res, 404, 'Not Found', url.pathname);
  if (data === null) return send(res, 204, '');
  send(res, 200, data, { 'Content-Type': ext === 'png' ? 'image/png' : 'application/vnd.mapbox-vector-tile' });
}

const found = (res, doc) =>
  doc === undefined ? problem(res, 404, 'Not Found', 'there is no such thing here', 'see /collections') : send(res, 200, doc);

async function route(req, res) {
  const url = new URL(req.url, `http://${req.headers.host}`);
  const [room, ...parts] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  switch (room) {
    case undefined:
      return file(res, 'index.html');
    case 'assets':
      return file(res, url.pathname);
    case 'status':
      return send(res, 200, { status: 'ok', version: 'mock', datasets: 8, revision: 1, demo: true });
    case 'collections': {
      if (parts.length === 0) return send(res, 200, { collections: land.collections(), links: [] });
      const features = land.features(parts[0]);
      return found(res, features && { type: 'FeatureCollection', features: features.slice(0, Number(url.searchParams.get('limit') ?? 10)) });
    }
    case 'xyz':
      return xyz(res, url, url.origin, parts);
    case 'styles':
      return found(res, land.style(url.origin, parts[0]));
    case 'legend':
      return found(res, land.legend(parts[0]));
    case 'territories':
      if (parts.length === 0) return send(res, 200, { territories: land.territories(url.searchParams), links: [] });
      if (parts[1] === 'profile') return found(res, land.profile(parts[0]));
      return found(res, land.territory(parts[0], url.searchParams.get('geometry') === 'true'));
    case 'processes':
      return execute(req, res);
    case 'jobs':
      return job(req, res, parts);
    case 'reports':
      return send(
        res,
        200,
        parts.length === 0
          ? { reports: [{ id: '099-pharmacy', title: 'Farmacie', territory: '099', service: 'pharmacy', created_at: '2026-11-20T10:00:00Z' }] }
          : land.report({ territory: '099', service: 'pharmacy' }),
      );
    default:
      return problem(res, 404, 'Not Found', `there is nothing at ${url.pathname}`);
  }
}

const server = createServer((req, res) => route(req, res).catch((e) => problem(res, 500, 'Internal Server Error', String(e))));
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
