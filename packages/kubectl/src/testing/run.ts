import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import type { Input, Terminal } from '../cli/terminal.ts';
import { kubectl } from '../kubectl.ts';

/** What a run of a kubectl left behind. */
export interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export interface RunOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  input?: string;
  /** Ends a command that would go on for ever (watches), as Ctrl-C does. */
  interrupt?: AbortSignal;
  /** Sees standard output as it is written (in-process runs only). */
  onStdout?(text: string): void;
}

/** Runs this kubectl in process. */
export async function runKubectl(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (data: string | Uint8Array) => {
      chunks[name].push(Buffer.from(data as string));
      if (name === 'stdout') options.onStdout?.(Buffer.from(data as string).toString());
    },
  });
  const terminal: Terminal = {
    stdin: Readable.from(options.input === undefined ? [] : [Buffer.from(options.input)]) as Input,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: { HOME: '/nonexistent', ...options.env },
    cwd: options.cwd ?? process.cwd(),
    interrupted: () => options.interrupt ?? new AbortController().signal,
  };
  const exitCode = await kubectl(words, terminal);
  return { stdout: Buffer.concat(chunks.stdout).toString(), stderr: Buffer.concat(chunks.stderr).toString(), exitCode };
}

/** Runs upstream's kubectl, from PATH. Throws with how to get it when it is not there. */
export function runUpstream(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.env['UPSTREAM_KUBECTL'] ?? 'kubectl', words, {
      cwd: options.cwd,
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...options.env },
      signal: options.interrupt,
    });
    const outcome: Outcome = { stdout: '', stderr: '', exitCode: -1 };
    child.stdout.setEncoding('utf8').on('data', (data: string) => {
      outcome.stdout += data;
    });
    child.stderr.setEncoding('utf8').on('data', (data: string) => {
      outcome.stderr += data;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') {
        reject(
          new Error(
            "upstream's kubectl is not in PATH: install it (https://kubernetes.io/docs/tasks/tools, 1.32 or newer) or name it in UPSTREAM_KUBECTL; Debian's kubernetes-client is 1.20 and too old to compare with",
          ),
        );
      } else if (error.name !== 'AbortError') reject(error);
    });
    child.on('close', (code) => resolve({ ...outcome, exitCode: code ?? 130 }));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
