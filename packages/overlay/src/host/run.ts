import { spawn } from 'node:child_process';

/** A program that failed; the message shows the command and what it complained of. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly complaint: string;

  constructor(command: readonly string[], reason: string, complaint: string) {
    super(`\`${command.join(' ')}\` failed (${reason})${complaint ? `: ${complaint.trim().slice(0, 2000)}` : ''}`);
    this.complaint = complaint;
  }
}

/** The Debian package that brings each program. */
const packages: Record<string, string> = { ip: 'iproute2', bridge: 'iproute2', nft: 'nftables' };

/** Runs a program to its end, with `input` on its stdin, and returns what it wrote. Throws CommandError. */
export function run(command: readonly [string, ...string[]], input = ''): Promise<string> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing =
        error.code === 'ENOENT' ? `it is not installed; Debian package ${packages[program]}` : error.message;
      reject(new CommandError(command, missing, ''));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new CommandError(command, String(signal ?? code), complaint));
    });
    child.stdin.on('error', () => {}); // it ended before it read everything: its exit code tells why
    child.stdin.end(input);
  });
}

/** Runs commands of `ip` or `bridge` in one go, up to the first that fails. Without commands nothing is run. */
export async function batch(program: 'ip' | 'bridge', commands: readonly string[]): Promise<void> {
  if (commands.length > 0) await run([program, '-batch', '-'], `${commands.join('\n')}\n`);
}

/** The rows that `ip` or `bridge` shows. */
export async function rows<T>(program: 'ip' | 'bridge', ...args: string[]): Promise<T[]> {
  const output = await run([program, '-json', ...args]);
  return output.trim() === '' ? [] : (JSON.parse(output) as T[]);
}
