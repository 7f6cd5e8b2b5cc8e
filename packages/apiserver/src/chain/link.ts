import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AuditRecord } from './audit/record.ts';
import type { Latencies } from './latencies.ts';
import type { RequestInfo } from './request-info.ts';
import type { User } from './user.ts';
import type { Warnings } from './warnings.ts';
import type { Watermark } from './watermark.ts';

export type UserInfo = User;

/** One request on its way through the chain. Links fill it in; endpoints read it. */
export interface RequestContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Present on upgrade requests (WebSocket, SPDY) only: the raw connection; nothing has been answered on it, `res` writes to it. */
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer };
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
  /** Before authentication: `system:unauthenticated` with no name. */
  user: UserInfo;
  /** The user who authenticated, where `user` is impersonated. */
  impersonator?: UserInfo;
  /** The verb that let them, where it is one that allows an identity for some requests only. */
  impersonationConstraint?: string;
  /** Audit-ID, also sent as a response header. */
  readonly auditId: string;
  /** What the client is warned of; written with the response head. */
  readonly warnings: Warnings;
  /** How the request is recorded, from authentication on, where anything is. */
  audit?: AuditRecord;
  /** Audit annotations that links and admission plugins leave. */
  readonly annotations: Map<string, string>;
  /** Aborts when the client is gone, or the request's time is over. */
  readonly signal: AbortSignal;
  readonly receivedAt: number;
  /** The same moment by the process's own clock (`performance.now()`), for durations. */
  readonly startedAt: number;
  /** Milliseconds the request has spent on others: on admission webhooks, and on waiting for its turn. */
  waited: number;
  /** What its time went into, where it is recorded. */
  latencies: Latencies;
  /**
   * How the metrics of requests count it, as upstream's do: once something has it that answers it, or where a limit refused it. What ends before (no
   * or no sufficient credentials, a path of nobody) is not counted.
   */
  counted: 'no' | 'answered' | 'limited';
  /** Bytes of the answer's body so far, as they went out. */
  sent: number;
  /** Bytes of the request's body, once it has been read. */
  received?: number;
  /** When its time is over, in milliseconds since 1970; long-running requests have no such time. */
  deadline?: number;
  /** Where it is counted while it is worked on: who limits how many are does that. */
  inFlight?: Watermark;
  /** Runs while it has a deadline, until its answer is with the client. */
  timer?: NodeJS.Timeout;
  /** A watch calls it when what it begins with is sent: from then on it costs little. */
  begun?(): void;
}

export type Next = () => Promise<void>;

/**
 * A link of the chain. Calls `next()` to go on and may work after it; answers by writing to `context.res`, or throws a
 * StatusError, which the recovering link turns into the response. Anything else that is thrown is a bug and becomes a 500.
 */
export type Link = (context: RequestContext, next: Next) => Promise<void>;

/** Runs links in order, the last one's `next` being `end`. */
export function compose(
  links: readonly Link[],
  end: (context: RequestContext) => Promise<void>,
): (context: RequestContext) => Promise<void> {
  return links.reduceRight<(context: RequestContext) => Promise<void>>(
    (next, link) => (context) => link(context, () => next(context)),
    end,
  );
}
