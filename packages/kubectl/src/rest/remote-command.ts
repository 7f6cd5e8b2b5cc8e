import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import type { Status } from '@coracle/api/types/meta/v1';
import type { Query } from '@coracle/client/paths';
import { remoteCommand, type TerminalSize } from '@coracle/client/streams';
import { CommandFailure, ExitFailure } from '../cli/failure.ts';
import type { Output, Terminal } from '../cli/terminal.ts';
import type { Rest } from './rest.ts';

export interface RemoteOptions {
  readonly stdin: boolean;
  readonly tty: boolean;
}

/**
 * Decides what -i and -t come to: a TTY needs a stdin that is a terminal. Tells on stderr when it cannot be had.
 */
export function remoteOptions(terminal: Terminal, stdin: boolean, tty: boolean, quiet: boolean): RemoteOptions {
  if (!stdin) return { stdin: false, tty: false };
  if (!tty) return { stdin: true, tty: false };
  if (terminal.stdin.isTTY) return { stdin: true, tty: true };
  if (!quiet) terminal.stderr.write('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  return { stdin: true, tty: false };
}

/** Runs an exec or attach over the terminal's streams; throws ExitFailure with the command's own exit code when it is not 0. */
export async function runRemote(
  rest: Rest,
  terminal: Terminal,
  path: string,
  query: Query,
  options: RemoteOptions,
): Promise<void> {
  const { stdin, tty } = options;
  const raw = tty && terminal.stdin.setRawMode !== undefined;
  const sizes = tty ? terminalSizes(terminal.stdout) : undefined;
  if (raw) makeRaw(terminal);
  let status: Status;
  try {
    status = await remoteCommand(
      rest.client,
      path,
      { ...query, stdin: stdin || undefined, stdout: true, stderr: tty ? undefined : true, tty: tty || undefined },
      {
        ...(stdin ? { stdin: terminal.stdin } : {}),
        stdout: writableTo(terminal.stdout),
        ...(tty ? {} : { stderr: writableTo(terminal.stderr) }),
        ...(sizes ? { resize: sizes } : {}),
      },
    );
  } catch (error) {
    throw rest.explained(error, 'GET', path);
  } finally {
    if (raw) terminal.stdin.setRawMode!(false);
    sizes?.stop();
  }
  throwFailure(status);
}

/** Hands keys and bytes through as they are. Node.js leaves one translation on in raw mode, of line feeds on output, which stty ends. */
function makeRaw(terminal: Terminal): void {
  terminal.stdin.setRawMode!(true);
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
}

function throwFailure(status: Status): void {
  if (status.status !== 'Failure') return;
  if (status.reason === 'NonZeroExitCode') {
    const code = Number(status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message);
    if (Number.isInteger(code)) throw new ExitFailure(`command terminated with exit code ${code}`, code);
  }
  throw new CommandFailure(status.message ?? 'the remote command failed');
}

const writableTo = (output: Output): Writable =>
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      output.write(chunk);
      done();
    },
  });

/** The size of the terminal now, and again after each change, until it is stopped. */
function terminalSizes(output: Output): AsyncIterable<TerminalSize> & { stop(): void } {
  let stopped = false;
  let wake = (): void => {};
  const listener = (): void => wake();
  output.on?.('resize', listener);
  async function* sizes(): AsyncGenerator<TerminalSize> {
    while (!stopped) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (output.columns && output.rows) yield { width: output.columns, height: output.rows };
      await changed;
    }
  }
  return {
    [Symbol.asyncIterator]: sizes,
    stop: () => {
      stopped = true;
      output.off?.('resize', listener);
      wake();
    },
  };
}
