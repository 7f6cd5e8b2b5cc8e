import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Mount points of this mount namespace, in the order they were made. */
export async function mountPoints(): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table
    .split('\n')
    .filter(Boolean)
    .map((line) =>
      line
        .split(' ')[4]!
        .replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}

export async function isMountPoint(path: string): Promise<boolean> {
  return (await mountPoints()).includes(path);
}

/** Mounts a memory file system; `size` in bytes limits it. */
export async function mountTmpfs(path: string, size?: number): Promise<void> {
  await mountWith(['-t', 'tmpfs', ...(size ? ['-o', `size=${size}`] : []), 'tmpfs', path]);
}

/** Shows `source` at `target`. Neither name is resolved any further: /proc/<pid>/fd/<n> stays what is open. */
export async function bindMount(source: string, target: string): Promise<void> {
  await mountWith(['--no-canonicalize', '--bind', source, target]);
}

/** Unmounts everything mounted at `folder` or below it, the last mounted first. */
export async function unmountBelow(folder: string): Promise<void> {
  const points = (await mountPoints()).filter((each) => each === folder || each.startsWith(`${folder}/`));
  for (const point of points.reverse()) await run('umount', [point]).catch(explain);
}

const mountWith = (args: string[]): Promise<unknown> => run('mount', args).catch(explain);

function explain(error: unknown): never {
  const { stderr, message } = error as { stderr?: string; message: string };
  throw new Error(stderr?.trim() || message);
}
