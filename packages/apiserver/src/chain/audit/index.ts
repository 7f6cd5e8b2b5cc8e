import { messageOf } from '@coracle/api/meta/message-of';
import { internalError, StatusError } from '@coracle/api/meta/status';
import { PlainError } from '../../endpoints/plain-error.ts';
import { storeFailure } from '../../storage/failures.ts';
import { MeasuredLatencies, unmeasured } from '../latencies.ts';
import type { Link, RequestContext } from '../link.ts';
import type { User } from '../user.ts';
import type { AuditBackend } from './event.ts';
import type { AuditMetrics } from './metrics.ts';
import { auditConfigOf, type Policy, type Stage } from './policy.ts';
import { AuditRecord, boundedStatus } from './record.ts';
import { captureResponse } from './response.ts';

/** What requests are recorded by (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/). */
export interface Auditing {
  readonly policy: Policy;
  readonly backends: readonly AuditBackend[];
  readonly metrics: AuditMetrics;
}

/** Records a stage. False: an event is lost that must not be. */
async function record(auditing: Auditing, audit: AuditRecord, stage: Stage): Promise<boolean> {
  if (audit.config.level === 'None' || audit.config.omitStages.has(stage)) return true;
  const event = audit.event(stage);
  auditing.metrics.event();
  const taken = await Promise.all(auditing.backends.map((backend) => backend.process(event)));
  return taken.every(Boolean);
}

function begin({ policy, metrics }: Auditing, context: RequestContext, user?: User): AuditRecord {
  const audit = new AuditRecord(context, auditConfigOf(policy, context.info, user ?? context.user), user);
  metrics.level(audit.config.level);
  return audit;
}

/**
 * The link that records requests, between authentication and impersonation: when they are received, when a long answer begins, when they end, and
 * when the server failed over them.
 */
export function audit(auditing: Auditing): Link {
  return async (context, next) => {
    const it = begin(auditing, context);
    context.audit = it;
    if (it.config.level === 'None') return next();
    measure(context);
    if (!(await record(auditing, it, 'RequestReceived'))) {
      auditing.metrics.rejected();
      throw internalError(new Error('failed to store audit event'));
    }
    const isLong = context.deadline === undefined;
    let started: Promise<boolean> | undefined;
    const response = captureResponse(context, it.reaches('RequestResponse') && !isLong, (code) => {
      it.status ??= { metadata: {}, code };
      if (isLong) started ??= record(auditing, it, 'ResponseStarted');
    });
    let stage: Stage = 'ResponseComplete';
    try {
      await next();
      it.status ??= { metadata: {}, status: 'Success', message: 'Connection closed early', code: 200 };
      if (it.reaches('RequestResponse')) it.response(await response());
    } catch (thrown) {
      const error = storeFailure(thrown, context.req.method === 'GET');
      if (error instanceof StatusError && !isBare(error)) {
        it.status = boundedStatus(error.status);
        it.response(error.status);
      } else if (error instanceof StatusError) {
        it.status = { metadata: {}, code: error.code };
      } else if (context.signal.aborted && thrown === context.signal.reason) {
        it.status ??= { metadata: {}, status: 'Success', message: 'Connection closed early', code: 200 };
      } else {
        stage = 'Panic';
        const message = `APIServer panic'd: ${messageOf(error)}`;
        it.status = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
      }
      throw thrown;
    } finally {
      if (isLong) {
        started ??= record(auditing, it, 'ResponseStarted');
        await started;
      }
      await record(auditing, it, stage);
    }
  };
}

/** Whether an error is answered as plain text, or in a form that was not negotiated: the code alone is recorded. */
const isBare = (error: StatusError): boolean => error instanceof PlainError || error.code === 406;

/** Nobody has been asked yet who it is. */
const nobody: User = { name: '', uid: '', groups: [], extra: {} };

/**
 * The link that records requests which never come as far as `audit`: what nobody known sent, and what is wrong for whoever sent it. Stands before all
 * that may refuse those.
 */
export function auditRefused(auditing: Auditing): Link {
  return async (context, next) => {
    measure(context);
    try {
      await next();
    } catch (error) {
      if (!context.audit && error instanceof StatusError && (error.code === 401 || error.code === 400)) {
        const it = begin(auditing, context, nobody);
        it.status = boundedStatus(error.status);
        it.response(error.status);
        await record(auditing, it, 'ResponseStarted');
      }
      throw error;
    }
  };
}

/** What the request's time goes into is looked at from here on. */
function measure(context: RequestContext): void {
  if (context.latencies === unmeasured) context.latencies = new MeasuredLatencies();
}
