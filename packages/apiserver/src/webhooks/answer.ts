import { decodeJson } from '@coracle/api/codec/json';
import { decodeObject } from '@coracle/api/codec/strict';
import { typeMetaProblem, unreadTypeMeta } from '@coracle/api/codec/type-meta';
import { parseFirstYamlDocument } from '@coracle/api/codec/yaml';
import { messageOf } from '@coracle/api/meta/message-of';
import { objectSchemaOf } from '@coracle/api/schema';

/** What a webhook answered, with a code of success. */
export interface WebhookAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** A kind of review, in the version a webhook was asked in. */
export interface ReviewKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Versions of reviews that this server speaks. */
const versions = ['v1', 'v1beta1'];

/** The most values of an answer in YAML. */
const mostValues = 1 << 19;

/** How upstream names the kinds that answers of webhooks can have. */
const scheme = '"k8s.io/apiserver/pkg/util/webhook/client.go:71"';

/**
 * Reads the review a webhook answered, in JSON or YAML. Where it does not say what it is, it counts as what was asked for, and says so no more than before.
 * Throws with upstream's text when it is something else.
 */
export function reviewIn<T>({ status, contentType, bytes }: WebhookAnswer, wanted: ReviewKind): T {
  if (bytes.length === 0) {
    throw new Error(`0-length response with status code: ${status} and content type: ${contentType}`);
  }
  const value = parsed(bytes) ?? {};
  const problem = typeMetaProblem(value) ?? otherKind(value, wanted);
  if (problem !== undefined) throw new Error(problem);
  const type = `${wanted.group === 'admission.k8s.io' ? 'admission' : 'apiextensions'}/v1.${wanted.kind}`;
  return decodeObject<T>(value, objectSchemaOf(type)).object;
}

/** `admission.k8s.io/v1, Kind=AdmissionReview`, as error texts name a kind. */
export function kindText(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function parsed(bytes: Buffer): unknown {
  const text = bytes.toString();
  try {
    return /^[ \t\r\n]*\{/.test(text) ? decodeJson(bytes).value : parseFirstYamlDocument(text, mostValues)?.value;
  } catch (error) {
    throw new Error(unreadTypeMeta(messageOf(error)));
  }
}

/** Why a review that says what it is is not of the kind that is wanted; undefined: it is, as far as it says. */
function otherKind(value: object, wanted: ReviewKind): string | undefined {
  const said = value as { apiVersion?: string | null; kind?: string | null };
  const inWanted = `${wanted.group}/${wanted.version}`;
  const [apiVersion, kind] = [said.apiVersion || inWanted, said.kind || wanted.kind];
  if (apiVersion === inWanted && kind === wanted.kind) return undefined;
  const version = apiVersion.split('/').at(-1)!;
  const isReview = kind === wanted.kind && versions.some((each) => apiVersion === `${wanted.group}/${each}`);
  if (isReview || (apiVersion === 'v1' && kind === 'Status')) {
    return `converting (${version}.${kind}) to (${wanted.version}.${wanted.kind}): unknown conversion`;
  }
  return `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme ${scheme}`;
}
