import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface RotationOptions {
  /** Bytes after which a file is put aside; may be infinite. */
  readonly maxSize: number;
  /** How many files put aside are kept; 0: all. */
  readonly maxBackups: number;
  /** Days after which files put aside are removed; 0: never. */
  readonly maxAgeDays: number;
  readonly compress: boolean;
  readonly failed: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const day = 24 * 60 * 60 * 1000;
const stamped = /-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3})(\.gz)?$/;

/**
 * A file that lines are appended to, readable by its owner alone. One that is full is put aside under the time of that
 * (`audit-2026-01-02T15-04-05.000.log`, UTC); old ones are compressed and removed as the options say.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #options: RotationOptions;
  #fd: number | undefined;
  #size = 0;
  #tidying: Promise<void> = Promise.resolve();

  constructor(path: string, options: RotationOptions) {
    this.#path = path;
    this.#options = options;
    this.#open();
  }

  /** Throws when the line cannot be written. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (bytes.length > this.#options.maxSize) {
      throw new Error(`write length ${bytes.length} exceeds maximum file size ${this.#options.maxSize}`);
    }
    if (this.#fd === undefined) this.#open();
    else if (this.#size + bytes.length > this.#options.maxSize) this.#rotate();
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd!, bytes, at);
    this.#size += bytes.length;
  }

  async close(): Promise<void> {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    await this.#tidying;
  }

  #open(): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    this.#fd = openSync(this.#path, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  #rotate(): void {
    closeSync(this.#fd!);
    this.#fd = undefined;
    const time = new Date(this.#options.now?.() ?? Date.now()).toISOString().slice(0, -1).replaceAll(':', '-');
    renameSync(this.#path, join(dirname(this.#path), `${this.#stem()}-${time}${extname(this.#path)}`));
    this.#open();
    this.#tidying = this.#tidying.then(() => this.#tidy()).catch(this.#options.failed);
  }

  #stem(): string {
    return basename(this.#path, extname(this.#path));
  }

  /** Files put aside, newest first. */
  #aside(): { name: string; time: number }[] {
    const [stem, extension] = [this.#stem(), extname(this.#path)];
    const found: { name: string; time: number }[] = [];
    for (const name of readdirSync(dirname(this.#path))) {
      if (!name.startsWith(`${stem}-`)) continue;
      const plain = name.endsWith('.gz') ? name.slice(0, -3) : name;
      if (!plain.endsWith(extension)) continue;
      const match = stamped.exec(plain.slice(0, plain.length - extension.length));
      if (!match || plain.length !== stem.length + 1 + match[1]!.length + extension.length) continue;
      found.push({ name, time: Date.parse(`${match[1]!.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:')}Z`) });
    }
    return found.sort((a, b) => b.time - a.time);
  }

  async #tidy(): Promise<void> {
    const { maxBackups, maxAgeDays, compress, now = Date.now } = this.#options;
    const folder = dirname(this.#path);
    for (const [i, { name, time }] of this.#aside().entries()) {
      const isOld = maxAgeDays > 0 && now() - time > maxAgeDays * day;
      if (isOld || (maxBackups > 0 && i >= maxBackups)) unlinkSync(join(folder, name));
      else if (compress && !name.endsWith('.gz')) {
        const from = join(folder, name);
        await pipeline(createReadStream(from), createGzip(), createWriteStream(`${from}.gz`, { mode: 0o600 }));
        unlinkSync(from);
      }
    }
  }
}
