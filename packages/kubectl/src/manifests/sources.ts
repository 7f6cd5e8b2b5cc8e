import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { CommandFailure } from '../cli/failure.ts';
import type { Terminal } from '../cli/terminal.ts';

/** A text that holds manifests, with the name messages call it by. */
export interface Source {
  readonly name: string;
  read(): Promise<string>;
}

const extensions = ['.json', '.yaml', '.yml'];

/** Expands `-f` values: files, folders (with `recursive` their subfolders), patterns, URLs and `-` for stdin. */
export function expandSources(filenames: readonly string[], recursive: boolean, terminal: Terminal): Source[] {
  let stdinTaken = false;
  return filenames.flatMap((given) => {
    if (given === '-') {
      if (stdinTaken) return [];
      stdinTaken = true;
      return [{ name: 'STDIN', read: () => readStream(terminal.stdin) }];
    }
    if (/^https?:\/\//.test(given)) return [{ name: given, read: () => download(given) }];
    return expandPath(given, recursive, terminal.cwd);
  });
}

function expandPath(given: string, recursive: boolean, cwd: string): Source[] {
  const absolute = resolve(cwd, given);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (!stats) {
    const matches = /[*?[]/.test(given) ? globSync(given, { cwd }).sort() : [];
    if (matches.length === 0) throw new CommandFailure(`the path ${JSON.stringify(given)} does not exist`);
    return matches.flatMap((match) => expandPath(match, recursive, cwd));
  }
  if (!stats.isDirectory()) return [fileSource(given, absolute)];
  const files = walk(given, absolute, recursive);
  if (files.length === 0) {
    throw new CommandFailure(`error reading [${given}]: recognized file extensions are [${extensions.join(' ')}]`);
  }
  return files;
}

function walk(shown: string, absolute: string, recursive: boolean): Source[] {
  const entries = readdirSync(absolute, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const name = join(shown, entry.name);
    const path = join(absolute, entry.name);
    if (entry.isDirectory()) return recursive ? walk(name, path, true) : [];
    return extensions.includes(extname(entry.name)) ? [fileSource(name, path)] : [];
  });
}

const fileSource = (name: string, path: string): Source => ({
  name,
  read: async () => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES')
        throw new CommandFailure(`open ${name}: permission denied`);
      throw error;
    }
  },
});

async function readStream(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks).toString('utf8');
}

async function download(url: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url).catch((error: Error) => {
      throw new CommandFailure(
        `unable to read URL ${JSON.stringify(url)}: ${(error.cause as Error | undefined)?.message ?? error.message}`,
      );
    });
    if (response.ok) return response.text();
    if (response.status < 500 || attempt >= 3) {
      throw new CommandFailure(
        `unable to read URL ${JSON.stringify(url)}, server reported ${response.status} ${response.statusText}, status code=${response.status}`,
      );
    }
  }
}
