import type { Readable } from 'node:stream';

/** What a command writes to; bytes pass unchanged. */
export interface Output {
  write(data: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

/** A terminal's input that may be put into raw mode. */
export type Input = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/** All that a run of kubectl touches outside the API: injected, so that tests run it in process. */
export interface Terminal {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** A signal that aborts on SIGINT and SIGTERM. Until a command asks for it, these end the process as usual. */
  interrupted(): AbortSignal;
}
