/** gRPC's status codes (https://grpc.io/docs/guides/status-codes) by number. */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** The numbers of the codes that are made on this side. */
export const statusCode = { cancelled: 1, deadlineExceeded: 4, internal: 13, unavailable: 14 } as const;

/** Why a call was not answered, or what the answer says is wrong: `UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:2379`. */
export class EtcdError extends Error {
  override name = 'EtcdError';
  readonly code: number;
  /** The message without the name of the code. */
  readonly details: string;
  /** The request was not carried out: it has not reached the member, or was refused before anything was done. */
  readonly unsent: boolean;

  constructor(code: number, details: string, { unsent = false } = {}) {
    super(`${names[code] ?? code}: ${details}`);
    this.code = code;
    this.details = details;
    this.unsent = unsent || refused.test(details);
  }

  /** It took a member, or the cluster behind it, too long. */
  get timedOut(): boolean {
    return this.code === statusCode.deadlineExceeded || this.details.includes('request timed out');
  }

  /** The member could not serve the call at all: another one, or the same later, may. */
  get isUnavailable(): boolean {
    const { code } = this;
    const down = code === statusCode.unavailable || code === statusCode.cancelled || stopping.test(this.details);
    return this.unsent || this.timedOut || down;
  }
}

const refused = /auth store is old|too many requests/;
const stopping = /raft: stopped|server stopped/;
