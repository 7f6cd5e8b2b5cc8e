import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseTime } from '@coracle/api/meta/time';
import { parseLogLine } from './cri-log.ts';
import { tailOffset } from './tail.ts';

export interface LogOptions {
  /** Only the last so many lines there are at first. */
  tailLines?: number;
  /** Only lines from this time (ms) on. */
  since?: number;
  timestamps?: boolean;
  limitBytes?: number;
  /** Goes on with new lines until the container has ended. */
  follow?: boolean;
  /** Only what was written to one of the two. */
  stream?: 'stdout' | 'stderr';
}

const newline = 0x0a;
const readSize = 64 * 1024;
/** Where no change is told (ms): files on some file systems are not watched. */
const pollEvery = 1000;

/** Yields what a container wrote, from its log file, in pieces as large as they come. `running` tells whether more may follow. */
export async function* readLog(
  path: string,
  options: LogOptions,
  running: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let file = await open(path);
  let inode = (await file.stat()).ino;
  let position = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
  let rest = Buffer.alloc(0);
  let lineOpen = false;
  const changes = options.follow ? new Changes(dirname(path), signal) : undefined;
  try {
    while (left > 0 && !signal.aborted) {
      const alive = options.follow ? await running() : false;
      const chunk = await readChunk(file, position);
      if (chunk.length > 0) {
        position += chunk.length;
        const bytes = Buffer.concat([rest, chunk]);
        const end = bytes.lastIndexOf(newline) + 1;
        rest = bytes.subarray(end);
        const made = render(bytes.subarray(0, end), options, lineOpen);
        lineOpen = made.lineOpen;
        if (made.bytes.length > 0) yield made.bytes.subarray(0, left);
        left -= made.bytes.length;
        continue;
      }
      if (!options.follow) return;
      const now = await stat(path).catch(() => undefined);
      if (now && now.ino !== inode) {
        // Rotated: what is left of the old file has been read.
        await file.close();
        file = await open(path);
        inode = (await file.stat()).ino;
        position = 0;
        rest = Buffer.alloc(0);
        continue;
      }
      if (!alive) return;
      await changes!.next();
    }
  } finally {
    changes?.close();
    await file.close();
  }
}

async function readChunk(file: FileHandle, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(readSize);
  const { bytesRead } = await file.read(buffer, 0, readSize, position);
  return buffer.subarray(0, bytesRead);
}

/** Turns lines of the file into what the container wrote; a line cut by the runtime is put together again. */
function render(
  lines: Buffer,
  { since, timestamps, stream }: LogOptions,
  open: boolean,
): { bytes: Buffer; lineOpen: boolean } {
  const parts: Buffer[] = [];
  let lineOpen = open;
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf(newline, at);
    const line = parseLogLine(lines.subarray(at, end));
    at = end + 1;
    if (!line || (stream && line.stream !== stream)) continue;
    if (since !== undefined && parseTime(line.time) < since) continue;
    if (timestamps && !lineOpen) parts.push(Buffer.from(`${line.time} `));
    parts.push(line.content);
    if (!line.partial) parts.push(Buffer.from('\n'));
    lineOpen = line.partial;
  }
  return { bytes: Buffer.concat(parts), lineOpen };
}

/** Tells of changes in a folder, and at least every second. */
class Changes {
  readonly #watcher: FSWatcher;
  readonly #signal: AbortSignal;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(folder: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#watcher = watch(folder, () => this.#tell());
    this.#watcher.on('error', () => this.#tell());
  }

  async next(): Promise<void> {
    if (!this.#changed && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, pollEvery);
        function done(): void {
          clearTimeout(timer);
          resolve();
        }
        this.#wake = done;
        this.#signal.addEventListener('abort', done, { once: true });
      });
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher.close();
    this.#wake?.();
  }

  #tell(): void {
    this.#changed = true;
    this.#wake?.();
  }
}
