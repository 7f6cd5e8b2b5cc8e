/**
 * Something that went wrong and that the user can do something about: the message says what, `log` where to read more, `next` what to do.
 * Everything else that is thrown is a bug and shows its stack.
 */
export class Failure extends Error {
  override name = 'Failure';
  /** The file to read; its last lines are shown. */
  readonly log: string | undefined;
  /** What to do about it, a whole sentence or a command line. */
  readonly next: string | undefined;

  constructor(message: string, advice: { log?: string; next?: string; cause?: unknown } = {}) {
    super(message, advice.cause === undefined ? undefined : { cause: advice.cause });
    this.log = advice.log;
    this.next = advice.next;
  }
}

/** Throws a Failure. */
export function fail(message: string, advice: { log?: string; next?: string; cause?: unknown } = {}): never {
  throw new Failure(message, advice);
}
