import { randomUUID } from 'node:crypto';
import { encodeJson } from '@coracle/api/codec/json';
import { StatusError } from '@coracle/api/meta/status';
import type { AdmissionResponse, AdmissionReview } from '@coracle/api/types/admission/v1';
import type { Status } from '@coracle/api/types/meta/v1';
import { kindText } from '../../webhooks/answer.ts';
import type { Attributes } from '../plugin.ts';
import type { Forms } from './forms.ts';
import { requestOf } from './request.ts';

/** Of AdmissionReviews. */
export const group = 'admission.k8s.io';
const known = ['v1', 'v1beta1'];

/** A question to a webhook. */
export interface Question {
  readonly version: string;
  readonly uid: string;
  /** The AdmissionReview, in JSON. */
  readonly body: Buffer;
}

/** Makes the AdmissionReview of a request, in the first version that both sides speak. Throws when there is none. */
export function question(attributes: Attributes, forms: Forms, versions: readonly string[]): Question {
  const version = versions.find((each) => known.includes(each));
  if (version === undefined)
    throw new Error(`webhook does not accept known AdmissionReview versions (${known.join(', ')})`);
  const uid = randomUUID();
  const { object = null, oldObject = null } = forms;
  const review = {
    kind: 'AdmissionReview',
    apiVersion: `${group}/${version}`,
    request: { uid, ...requestOf(attributes, forms), object, oldObject },
  };
  return { version, uid, body: Buffer.from(encodeJson(review)) };
}

/** What a webhook said, when it was understood. */
export interface Verdict {
  readonly allowed: boolean;
  readonly status: Status | undefined;
  /** The JSON patch, decoded from base64; empty for none. */
  readonly patch: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** Checks an answer against its question. Throws with upstream's text when it is not one. */
export function verdictOf(review: AdmissionReview, asked: Question, mutating: boolean): Verdict {
  const { response } = review;
  if (!response) throw new Error('webhook response was absent');
  const patch = Buffer.from(response.patch ?? '', 'base64').toString('utf8');
  if (asked.version === 'v1') checkAnswer(review, response, asked, mutating, patch);
  return {
    allowed: response.allowed === true,
    status: response.status,
    patch: mutating ? patch : '',
    warnings: response.warnings ?? [],
    auditAnnotations: response.auditAnnotations ?? {},
  };
}

/** What v1 asks of answers and v1beta1 did not. */
function checkAnswer(
  { apiVersion = '', kind = '' }: AdmissionReview,
  { uid = '', patchType }: AdmissionResponse,
  asked: Question,
  mutating: boolean,
  patch: string,
): void {
  if (uid !== asked.uid)
    throw new Error(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(uid)}`);
  const expected = `${group}/v1, Kind=AdmissionReview`;
  const got = kindText(apiVersion, kind);
  if (got !== expected) throw new Error(`expected webhook response of ${expected}, got ${got}`);
  if (!mutating) {
    if (patch !== '') throw new Error('validating webhook may not return response.patch');
    if (patchType !== undefined) throw new Error('validating webhook may not return response.patchType');
    return;
  }
  if (patch !== '' && patchType === undefined) {
    throw new Error('webhook returned response.patch but not response.patchType');
  }
  if (patch === '' && patchType !== undefined) {
    throw new Error('webhook returned response.patchType but not response.patch');
  }
  if (patchType === '') throw new Error('webhook returned invalid response.patchType of ""');
  if (patchType !== undefined && patchType !== 'JSONPatch') {
    throw new Error(`unsupported patch type ${JSON.stringify(patchType)}`);
  }
}

/** The error of a denied request: what the webhook says of it, under the webhook's name. */
export function denial(name: string, status: Status | undefined): StatusError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`;
  const { code = 0, message = '', reason = '' } = status ?? {};
  const why = message || reason;
  return new StatusError({
    ...(status?.details ? { details: status.details } : {}),
    reason,
    code: Math.max(code, 400),
    message: why === '' ? `${by} without explanation` : `${by}: ${why}`,
  });
}
