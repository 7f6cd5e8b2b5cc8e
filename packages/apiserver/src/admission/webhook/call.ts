import type { AnyKind } from '@coracle/api/kind';
import { messageOf } from '@coracle/api/meta/message-of';
import { badRequest, internalError, StatusError, serviceUnavailable, timeoutError } from '@coracle/api/meta/status';
import type { AdmissionReview } from '@coracle/api/types/admission/v1';
import { reviewIn } from '../../webhooks/answer.ts';
import { postToWebhook, webhookTarget } from '../../webhooks/post.ts';
import type { Attributes } from '../plugin.ts';
import { type Forms, formsOf } from './forms.ts';
import type { Hook, RejectionType, WebhookSurroundings } from './hooks.ts';
import { denial, group, question, type Verdict, verdictOf } from './review.ts';

/** A webhook could not be asked, or gave no answer that can be understood; its failurePolicy decides what follows. */
export class CallFailure extends Error {
  readonly status: StatusError;

  constructor(name: string, why: string, status: StatusError) {
    super(`failed calling webhook ${JSON.stringify(name)}: ${why}`);
    this.status = status;
  }
}

/** One webhook about one request. */
export interface Call {
  readonly hook: Hook;
  readonly kind: AnyKind;
  readonly attributes: Attributes;
  /** Where annotations of this call are told apart: `round_0_index_1`. */
  readonly place: string;
}

const requestIsLate = 'request did not complete within requested timeout';

/**
 * Asks a webhook; `use` does with an answer that allows the request what there is to do. Undefined: it could not be asked, and its
 * failurePolicy is Ignore. Throws what refuses the request: the webhook's denial, or that it could not be asked.
 */
export async function callHook<T>(
  call: Call,
  around: WebhookSurroundings,
  use: (verdict: Verdict, forms: Forms) => T | Promise<T>,
): Promise<T | undefined> {
  const { hook, attributes } = call;
  const { name, failurePolicy } = hook.webhook;
  const { type } = hook;
  const { operation } = attributes;
  const started = performance.now();
  const called = (code: number, rejected: boolean) =>
    around.metrics.called({ name, type, operation, code, rejected, seconds: (performance.now() - started) / 1000 });
  const rejected = (why: RejectionType, code: number) => {
    around.metrics.rejected({ name, type, operation, why, code });
    called(code, true);
  };
  try {
    checkDryRun(call);
    const forms = await formsOf(attributes, call.kind);
    const verdict = await ask(call, forms, around);
    for (const [key, value] of Object.entries(verdict.auditAnnotations)) attributes.annotate(`${name}/${key}`, value);
    for (const warning of verdict.warnings) attributes.warn(warning);
    if (!verdict.allowed) {
      const refusal = denial(name, verdict.status);
      rejected('no_error', refusal.code);
      throw new Denied(refusal);
    }
    const used = await use(verdict, forms);
    called(200, false);
    return used;
  } catch (error) {
    if (error instanceof Denied) throw error.status;
    if (!(error instanceof CallFailure)) {
      rejected('apiserver_internal_error', 0);
      throw error instanceof StatusError ? error : internalError(error);
    }
    const { code } = error.status;
    if (failurePolicy !== 'Ignore') {
      rejected('calling_webhook_error', code);
      around.log.warn({ webhook: name, reason: error.message }, 'Failed calling webhook, failing closed');
      throw internalError(error);
    }
    called(code, false);
    around.metrics.failedOpen({ name, type });
    around.log.warn({ webhook: name, reason: error.message }, 'Failed calling webhook, failing open');
    const prefix = `failed-open.${type === 'admit' ? 'mutation' : 'validating'}.webhook.admission.k8s.io`;
    attributes.annotate(`${prefix}/${call.place}`, name);
    refuseLate(attributes);
    return undefined;
  }
}

class Denied extends Error {
  readonly status: StatusError;

  constructor(status: StatusError) {
    super(status.message);
    this.status = status;
  }
}

/** Throws the 504 of a request whose time is over: nobody waits for what webhooks say of it. */
export function refuseLate({ signal, deadline }: Attributes): void {
  if (signal?.aborted || (deadline !== undefined && Date.now() >= deadline)) throw timeoutError(requestIsLate);
}

/** A dry run may not change anything, the world behind a webhook included. */
function checkDryRun({ hook: { webhook }, attributes }: Call): void {
  if (!attributes.dryRun || webhook.sideEffects === 'None' || webhook.sideEffects === 'NoneOnDryRun') return;
  throw badRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`);
}

async function ask({ hook, attributes }: Call, forms: Forms, around: WebhookSurroundings): Promise<Verdict> {
  const { name, clientConfig, admissionReviewVersions, timeoutSeconds = 10 } = hook.webhook;
  const failure = (before: string, error: unknown, status: StatusError) =>
    new CallFailure(name, `${before}: ${messageOf(error)}`, status);
  const attempt = <T>(what: () => T, before: string, status: StatusError): T => {
    try {
      return what();
    } catch (error) {
      throw failure(before, error, status);
    }
  };
  const asked = attempt(
    () => question(attributes, forms, admissionReviewVersions),
    'could not create admission objects',
    badRequest('error creating admission objects'),
  );
  const target = attempt(
    () => webhookTarget(clientConfig, around.resolve, around.credentials),
    'could not get REST client',
    internalError(new Error('error getting REST client')),
  );
  const left = (attributes.deadline ?? Number.POSITIVE_INFINITY) - Date.now();
  try {
    const answer = await postToWebhook(target, asked.body, {
      milliseconds: Math.min(timeoutSeconds * 1000, left),
      ...(attributes.signal ? { signal: attributes.signal } : {}),
      userAgent: 'kube-apiserver-admission',
      observe: around.metrics.sent,
    });
    const review = reviewIn<AdmissionReview>(answer, { group, version: asked.version, kind: 'AdmissionReview' });
    return attempt(
      () => verdictOf(review, asked, hook.type === 'admit'),
      'received invalid webhook response',
      serviceUnavailable('error validating webhook response'),
    );
  } catch (error) {
    if (error instanceof CallFailure) throw error;
    const status = error instanceof StatusError ? error : serviceUnavailable('error calling webhook');
    throw failure('failed to call webhook', error, status);
  }
}
