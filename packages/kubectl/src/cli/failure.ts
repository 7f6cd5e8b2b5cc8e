import { messageOf } from '@coracle/api/meta/message-of';

/** A command that cannot go on: `message` is shown after `error: ` unless it says so itself. */
export class CommandFailure extends Error {
  readonly exitCode: number = 1;
}

/** Shown exactly as it is, without `error: ` before it. An empty message shows nothing. */
export class RawFailure extends CommandFailure {
  override readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A wrong use of a command: the hint to its help follows the message. */
export class UsageFailure extends CommandFailure {
  constructor(commandPath: string, message: string) {
    super(`${message}\nSee '${commandPath} -h' for help and examples`);
  }
}

/** The kubeconfig does not make sense. */
export class ConfigurationFailure extends CommandFailure {}

/** A remote command ended with a code of its own, which becomes kubectl's. */
export class ExitFailure extends CommandFailure {
  override readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Several errors of one command, each shown on a line of its own. */
export class Failures extends Error {
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super(errors.length === 1 ? messageOf(errors[0]) : `[${errors.map(messageOf).join(', ')}]`);
    this.errors = errors;
  }
}

/** Throws what was collected: nothing for none, several as Failures, nested ones flattened. */
export function throwAll(errors: readonly unknown[]): void {
  const flat = flatten(errors);
  if (flat.length === 1) throw flat[0];
  if (flat.length > 1) throw new Failures(flat);
}

export function flatten(errors: readonly unknown[]): unknown[] {
  return errors.flatMap((error) => (error instanceof Failures ? flatten(error.errors) : [error]));
}
