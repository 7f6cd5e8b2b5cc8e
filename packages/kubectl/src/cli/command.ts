import type { Session } from '../session.ts';
import type { Flag, Flags } from './flags.ts';
import type { Terminal } from './terminal.ts';

/** One verb of kubectl. A command with subcommands and no `run` shows its help. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line of the command list. */
  readonly short: string;
  /** What follows `kubectl ` in the usage line. */
  readonly usage: string;
  readonly description?: string;
  readonly examples?: string;
  readonly flags?: readonly Flag[];
  readonly subcommands?: readonly Command[];
  run?(call: Call): Promise<void>;
}

/** One call of a command: its arguments, flags and surroundings. */
export interface Call {
  /** `kubectl rollout status`. */
  readonly path: string;
  readonly args: readonly string[];
  /** How many of `args` came before `--`; -1 without `--`. */
  readonly dash: number;
  readonly flags: Flags;
  readonly session: Session;
  readonly terminal: Terminal;
}
