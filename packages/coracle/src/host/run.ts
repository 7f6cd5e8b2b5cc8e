import { spawn } from 'node:child_process';

/** A program that ended with an error; the message shows the command and what it wrote to stderr. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly command: readonly string[];
  readonly code: number | string;
  readonly stderr: string;

  constructor(command: readonly string[], code: number | string, stderr: string) {
    super(`\`${command.join(' ')}\` failed (${code})${stderr ? `: ${stderr.trim()}` : ''}`);
    this.command = command;
    this.code = code;
    this.stderr = stderr;
  }
}

export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Written to the program's stdin, which is empty otherwise. */
  input?: string | Uint8Array;
  signal?: AbortSignal;
  /** Milliseconds after which it is killed. */
  timeout?: number | undefined;
}

/** Runs a program to its end and returns what it wrote to stdout. Throws CommandError when it fails or is not there. */
export async function run(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<string> {
  return (await runBytes(command, options)).toString('utf8');
}

/** As `run`, for output that is no text. */
export function runBytes(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<Buffer> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ? { ...process.env, ...options.env } : process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      signal: options.signal,
    });
    const limit = options.timeout === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.timeout);
    child.once('close', () => clearTimeout(limit));
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout!.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr!.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.name === 'AbortError') reject(error);
      else reject(new CommandError(command, error.code ?? error.message, ''));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new CommandError(command, signal ?? code ?? -1, Buffer.concat(err).toString('utf8')));
    });
    if (options.input !== undefined) {
      child.stdin!.on('error', () => {}); // the program ended before it read everything: its exit code tells
      child.stdin!.end(options.input);
    }
  });
}

/** A word as the shell reads it back unchanged. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
