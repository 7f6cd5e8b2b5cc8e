/**
 * Why a container does not run: `reason` is its waiting reason in the status (`ErrImagePull`, `CrashLoopBackOff`,
 * `CreateContainerConfigError` …), the message stands beside it.
 */
export class ContainerWaiting extends Error {
  override name = 'ContainerWaiting';
  readonly reason: string;
  /** Milliseconds after which a new try may go otherwise. */
  readonly retryAfter: number;

  constructor(reason: string, message: string, retryAfter = 10_000) {
    super(message);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}
