import { watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Log } from '@coracle/process';
import { readManifest } from './manifest.ts';

export interface StaticFolderOptions {
  /** A folder of manifests, or one manifest file. */
  path: string;
  nodeName: string;
  /** Milliseconds between looks; changes are seen at once where the file system tells of them. */
  checkEvery: number;
  log: Log;
  signal: AbortSignal;
  /** Gets all pods of the folder after every look. */
  update(pods: Pod[]): void;
}

/** How long (ms) a burst of changes may settle: editors write a file in several steps. */
const settle = 100;

/** Follows a folder of static pod manifests. A file that makes no pod is told in the log, once for each version of it; others go on. */
export function followStaticFolder(options: StaticFolderOptions): void {
  const { path, checkEvery, log, signal } = options;
  const told = new Map<string, string>();
  const known = new Map<string, { text: string; pod: Pod }>();
  let running = false;
  let again = false;
  const look = async (): Promise<void> => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      try {
        options.update(await read(options, known, told));
      } catch (error) {
        log.error({ err: error, path }, 'Unable to read config path');
      }
    } while (again && !signal.aborted);
    running = false;
  };
  void look();
  const timer = setInterval(() => void look(), checkEvery);
  let pending: NodeJS.Timeout | undefined;
  const watching = startWatch(path, log, () => {
    clearTimeout(pending);
    pending = setTimeout(() => void look(), settle);
  });
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    clearTimeout(pending);
    watching?.close();
  });
}

function startWatch(path: string, log: Log, changed: () => void) {
  try {
    const watcher = watch(path, changed);
    watcher.on('error', (error) => log.warn({ err: error, path }, 'Unable to watch config path, looking at intervals'));
    return watcher;
  } catch (error) {
    log.warn({ err: error, path }, 'Unable to watch config path, looking at intervals');
    return undefined;
  }
}

async function read(
  { path, nodeName, log }: StaticFolderOptions,
  known: Map<string, { text: string; pod: Pod }>,
  told: Map<string, string>,
): Promise<Pod[]> {
  const pods: Pod[] = [];
  const names = new Set<string>();
  for (const file of await manifestFiles(path)) {
    let text = '';
    try {
      text = await readFile(file, 'utf8');
      const before = known.get(file);
      const pod = before?.text === text ? before.pod : readManifest(file, text, nodeName);
      known.set(file, { text, pod });
      told.delete(file);
      const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
      if (names.has(key)) throw new Error(`${file}: pod ${key} is already made by another file`);
      names.add(key);
      pods.push(pod);
    } catch (error) {
      if (told.get(file) !== text)
        log.error({ err: error, file }, `Could not process manifest file: ${(error as Error).message}`);
      told.set(file, text);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
    }
  }
  return pods;
}

async function manifestFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (!found) return [];
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((each) => !each.isDirectory() && !each.name.startsWith('.'))
    .map((each) => join(path, each.name))
    .sort();
}
