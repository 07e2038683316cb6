// An upload from the choice of files to publishing: what is sent, how far it
// is, what the server made of it.
import { asApiError, del, get, isAbort, post, send, type ApiError, type components } from '../../lib/api';

export type Upload = components['schemas']['upload'];
export type Contents = components['schemas']['uploadContents'];
export type Plan = components['schemas']['uploadPlan'];
export type Limits = components['schemas']['uploads']['limits'];
type Published = components['schemas']['publishedUpload'];

/** bytes of a piece: what breaks off is not much */
const piece = 2 << 20;
const tries = 5;
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms));

/** idOf makes an id of the name of a file: capolavori d'arte.shp → capolavori-d-arte. */
export function idOf(name: string): string {
  return name
    .replace(/\.[^.]*$/, '')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
}

/** refused tells whether nothing in the files can become a dataset: there is nothing to describe then. */
export const refused = (c: Contents): boolean => c.files.length > 0 && c.files.every((f) => f.problem && !f.raster && !f.layers?.length);

export class Sending {
  step = $state<'choose' | 'sending' | 'plan' | 'preparing' | 'review' | 'done'>('choose');
  files = $state.raw<File[]>([]);
  sent = $state(0);
  upload = $state.raw<Upload | null>(null);
  contents = $state.raw<Contents | null>(null);
  limits = $state.raw<Limits | null>(null);
  waiting = $state.raw<Upload[]>([]);
  published = $state.raw<Published | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** why the preparation failed, in the server's words */
  failure = $state('');
  private stop = new AbortController();

  get total(): number {
    return this.files.reduce((n, f) => n + f.size, 0);
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    this.error = null;
    try {
      await work();
    } catch (e) {
      if (!isAbort(e)) this.error = asApiError(e);
    }
  }

  /** look asks for the limits, and for uploads that wait from before. */
  look = (): Promise<void> =>
    this.attempt(async () => {
      const r = await get('/uploads');
      this.limits = r.limits;
      this.waiting = r.uploads;
    });

  /** add takes files to those chosen; one of the same name takes its place. */
  add(list: Iterable<File>): void {
    const more = [...list].filter((f) => f.size > 0);
    this.files = [...this.files.filter((f) => !more.some((m) => m.name === f.name)), ...more];
  }

  drop(name: string): void {
    this.files = this.files.filter((f) => f.name !== name);
  }

  start = (): Promise<void> =>
    this.attempt(async () => {
      this.stop = new AbortController();
      this.upload = await post('/uploads', { body: { files: this.files.map((f) => ({ name: f.name, size: f.size })) } });
      this.step = 'sending';
      this.sent = 0;
      await this.sendAll();
      await this.recognise();
    });

  /** resume goes on with what has not come. */
  resume = (): Promise<void> =>
    this.attempt(async () => {
      await this.sendAll();
      await this.recognise();
    });

  private async sendAll(): Promise<void> {
    let before = 0;
    for (const [n, f] of this.files.entries()) {
      await this.sendOne(n, f, before);
      before += f.size;
    }
  }

  private async sendOne(n: number, f: File, before: number): Promise<void> {
    const id = this.upload!.id;
    let at = this.upload!.files[n]?.received ?? 0;
    for (let failed = 0; at < f.size;) {
      try {
        const r = await send(`/uploads/${id}/files/${n}?offset=${at}`, {
          method: 'PATCH',
          headers: { 'Content-Type': 'application/octet-stream', Accept: 'application/json' },
          body: f.slice(at, at + piece),
          signal: this.stop.signal,
        });
        at = ((await r.json()) as { received: number }).received;
        failed = 0;
      } catch (e) {
        const again = !isAbort(e) && [0, 409, 502, 503, 504].includes(asApiError(e).problem.status);
        if (!again || ++failed >= tries) throw e;
        await wait(500 * 2 ** failed);
        // Where the server stands: a piece may have come in part.
        this.upload = await get('/uploads/{id}', { path: { id }, signal: this.stop.signal });
        at = this.upload.files[n]?.received ?? 0;
      }
      this.sent = before + at;
    }
  }

  private async recognise(): Promise<void> {
    this.contents = await get('/uploads/{id}/contents', { path: { id: this.upload!.id }, signal: this.stop.signal });
    this.step = 'plan';
  }

  /** take goes on with an upload that waits from before. */
  take = (u: Upload): Promise<void> =>
    this.attempt(async () => {
      this.upload = u;
      if (u.state === 'prepared') this.step = 'review';
      else if (u.state === 'preparing') await this.follow();
      else await this.recognise();
    });

  prepare = (plan: Plan): Promise<void> =>
    this.attempt(async () => {
      this.failure = '';
      this.upload = await post('/uploads/{id}/preparation', { path: { id: this.upload!.id }, body: plan });
      await this.follow();
    });

  private async follow(): Promise<void> {
    this.step = 'preparing';
    const path = { id: this.upload!.id };
    while (this.upload!.state === 'preparing') {
      await wait(400);
      this.upload = await get('/uploads/{id}', { path, signal: this.stop.signal });
    }
    if (this.upload!.state === 'prepared') this.step = 'review';
    else {
      this.failure = this.upload!.job?.problem ?? '';
      if (!this.contents) await this.recognise();
      this.step = 'plan';
    }
  }

  /** cancel stops what is under way: sending, or the job. */
  cancel = (): Promise<void> =>
    this.attempt(async () => {
      if (this.step === 'preparing' && this.upload?.job) await del('/jobs/{id}', { path: { id: this.upload.job.id } });
      else await this.discard();
    });

  publish = (): Promise<void> =>
    this.attempt(async () => {
      this.published = await post('/uploads/{id}/publication', { path: { id: this.upload!.id }, body: {} });
      this.step = 'done';
    });

  /** undo takes the publishing back: the version before, or nothing where there was none. */
  undo = (): Promise<void> =>
    this.attempt(async () => {
      for (const d of this.published?.datasets ?? []) {
        if (d.previous > 0) await post('/collections/{id}/versions', { path: { id: d.id }, body: { restore: d.previous } });
        else await del('/collections/{id}', { path: { id: d.id }, query: { version: d.version } });
      }
      this.reset();
    });

  discard = async (): Promise<void> => {
    this.stop.abort();
    const u = this.upload;
    this.reset();
    if (u) await this.attempt(() => del('/uploads/{id}', { path: { id: u.id } }));
    await this.look();
  };

  private reset(): void {
    this.step = 'choose';
    this.files = [];
    this.sent = 0;
    this.upload = this.contents = this.published = null;
    this.failure = '';
    this.stop = new AbortController();
  }

  /** leave ends requests; the upload itself waits on the server. */
  leave(): void {
    this.stop.abort();
  }
}
