import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Counter, Gauge, type Registry } from 'prom-client';

/** How often (ms) files are looked at. */
const period = 10_000;

/** Who is told of what becomes of changes. */
export interface FollowedFileOptions {
  /** `authentication` or `authorization`, as metrics and log name it. */
  readonly what: string;
  readonly metrics: Registry;
  readonly log: { warn(details: object, message: string): void };
}

/** A configuration file whose changes count while the server runs; one that is wrong changes nothing. */
export class FollowedFile {
  readonly #path: string;
  readonly #take: () => Promise<void>;
  readonly #options: FollowedFileOptions;
  readonly #reloads: Counter;
  readonly #lastReload: Gauge;
  readonly #lastConfig: Gauge;
  readonly #timer: NodeJS.Timeout;
  #seen: string;

  /** `seen` is the text that counts now; `take` reads the file anew and puts what it says into effect, or throws. */
  constructor(path: string, seen: string, take: () => Promise<void>, options: FollowedFileOptions) {
    this.#path = path;
    this.#seen = seen;
    this.#take = take;
    this.#options = options;
    const prefix = `apiserver_${options.what}_config_controller_automatic_reload`;
    const labelNames = ['status', 'apiserver_id_hash'];
    const registers = [options.metrics];
    this.#reloads = new Counter({
      name: `${prefix}s_total`,
      help: 'Changes of the configuration file that were taken up, or could not be.',
      labelNames,
      registers,
    });
    this.#lastReload = new Gauge({
      name: `${prefix}_last_timestamp_seconds`,
      help: 'When a change of the configuration file was last taken up, or could not be.',
      labelNames,
      registers,
    });
    this.#lastConfig = new Gauge({
      name: `apiserver_${options.what}_config_controller_last_config_info`,
      help: 'The configuration file that counts, by its hash; the value is always 1.',
      labelNames: ['apiserver_id_hash', 'hash'],
      registers,
    });
    this.#counts(seen);
    this.#timer = setInterval(() => void this.check(), period).unref();
  }

  /** Looks at the file now, and takes it up when it is another one than before. */
  async check(): Promise<void> {
    const { what, log } = this.#options;
    let status = 'success';
    try {
      const text = await readFile(this.#path, 'utf8');
      if (text === this.#seen) return;
      // What was wrong once is not tried again until it changes.
      this.#seen = text;
      await this.#take();
      this.#counts(text);
    } catch (error) {
      status = 'failure';
      log.warn({ file: this.#path, reason: (error as Error).message }, `Failed to reload ${what} config`);
    }
    const labels = { status, apiserver_id_hash: serverHash() };
    this.#reloads.inc(labels);
    this.#lastReload.set(labels, Date.now() / 1000);
  }

  #counts(text: string): void {
    this.#lastConfig.reset();
    this.#lastConfig.set({ apiserver_id_hash: serverHash(), hash: hashOf(text) }, 1);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

const serverHash = (): string => hashOf(`apiserver-${hostname()}`);

function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
