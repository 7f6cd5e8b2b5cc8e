import { randomUUID } from 'node:crypto';
import { decodeJson, encodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { Path } from '@coracle/api/meta/field-path';
import { messageOf } from '@coracle/api/meta/message-of';
import { clone, isObject } from '@coracle/api/meta/object';
import { aggregate, plainFailure } from '@coracle/api/meta/status';
import { validateAnnotations } from '@coracle/api/meta/validate-metadata';
import { validateLabels } from '@coracle/api/meta/validate-selector';
import type { ConversionReview, CustomResourceDefinition } from '@coracle/api/types/apiextensions/v1';
import { postToWebhook, type WebhookTarget, webhookTarget } from '../webhooks/post.ts';
import type { RestObserver } from '../webhooks/rest-metrics.ts';
import type { ServiceResolver } from '../webhooks/service-resolver.ts';
import type { ConversionFailure, ConversionMetrics } from './conversion-metrics.ts';

/** How long a webhook may take, in milliseconds; as upstream. */
const patience = 30_000;
const reviewGroup = 'apiextensions.k8s.io';
/** As of all of upstream's webhooks, whatever they are for. */
const userAgent = 'kube-apiserver-admission';
const spoken = ['v1', 'v1beta1'];

/** Converts objects of a custom resource by asking its webhook. */
export type Convert = (objects: readonly KubeObject[], apiVersion: string) => Promise<KubeObject[]>;

/**
 * The conversion of a definition by its webhook
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#webhook-conversion): all objects of a read
 * in one question. Only labels and annotations of the metadata can change. What goes wrong is a StatusError with upstream's text.
 */
export function conversionWebhook(
  crd: CustomResourceDefinition,
  resolve: ServiceResolver,
  metrics: ConversionMetrics,
): Convert {
  const { clientConfig, conversionReviewVersions } = crd.spec.conversion!.webhook!;
  const version = conversionReviewVersions.find((each) => spoken.includes(each));
  let target: WebhookTarget | undefined;
  return async (objects, apiVersion) => {
    const [first] = objects;
    const of = `${first!.apiVersion}, Kind=${first!.kind}`;
    const begun = performance.now();
    const versionOf = (text: string | undefined) => text?.split('/').at(-1) ?? '';
    const done = (failure?: ConversionFailure) => {
      const seconds = (performance.now() - begun) / 1000;
      metrics.converted(crd.metadata.name!, versionOf(first!.apiVersion), versionOf(apiVersion), seconds, failure);
    };
    let stage: ConversionFailure = 'webhook_call_failure';
    try {
      if (!version) throw new Error('no supported conversion review versions');
      target ??= webhookTarget(clientConfig ?? {}, resolve);
      const converted = await ask({ target, version, of, observe: metrics.sent }, objects, apiVersion, (next) => {
        stage = next;
      });
      stage = 'webhook_invalid_converted_object_failure';
      const made = converted.map((each, i) => checked(each, objects[i]!, apiVersion, of));
      done();
      return made;
    } catch (error) {
      done(stage);
      throw plainFailure(messageOf(error));
    }
  };
}

interface Asking {
  readonly target: WebhookTarget;
  /** Of ConversionReview. */
  readonly version: string;
  readonly of: string;
  readonly observe: RestObserver;
}

async function ask(
  { target, version, of, observe }: Asking,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
  reached: (failure: ConversionFailure) => void,
): Promise<unknown[]> {
  const uid = randomUUID();
  const apiVersion = `${reviewGroup}/${version}`;
  const review = { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion, objects } };
  let converted: unknown[];
  try {
    const bytes = await postToWebhook(target, Buffer.from(encodeJson(review)), {
      milliseconds: patience,
      userAgent,
      observe,
    });
    reached('webhook_malformed_response_failure');
    converted = answerOf(decodeJson(bytes).value, version, uid);
  } catch (error) {
    throw new Error(`conversion webhook for ${of} failed: ${messageOf(error)}`);
  }
  reached('webhook_partial_response_failure');
  if (converted.length !== objects.length) {
    throw new Error(`conversion webhook for ${of} returned ${converted.length} objects, expected ${objects.length}`);
  }
  return converted;
}

function answerOf(value: unknown, version: string, uid: string): unknown[] {
  const { kind, apiVersion, response } = (isObject(value) ? value : {}) as ConversionReview;
  // The older form was never checked for being the answer to this question.
  if (version === 'v1') {
    const wanted = `${reviewGroup}/v1, Kind=ConversionReview`;
    if (apiVersion !== `${reviewGroup}/v1` || kind !== 'ConversionReview') {
      throw new Error(`expected webhook response of ${wanted}, got ${apiVersion ?? ''}, Kind=${kind ?? ''}`);
    }
  }
  if (!isObject(response)) throw new Error('no response provided');
  if (version === 'v1' && response['uid'] !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`);
  }
  const { status = '', message = '' } = (isObject(response['result']) ? response['result'] : {}) as Record<
    string,
    string
  >;
  if (status !== 'Success') throw new Error(message || `response.result.status was '${status}', not 'Success'`);
  return Array.isArray(response['convertedObjects']) ? response['convertedObjects'] : [];
}

/** What came back, if it is the object that was sent in the version that was asked for; metadata is the sent one's. */
function checked(made: unknown, sent: KubeObject, apiVersion: string, of: string): KubeObject {
  // Upstream asks for one object after the other, so all are at index 0 there.
  const invalid = (what: string, why: string) =>
    new Error(`conversion webhook for ${of} returned invalid ${what}: ${why}`);
  const first = 'object at index 0';
  if (!isObject(made)) throw invalid(first, 'it is not an object');
  const object = made as unknown as KubeObject;
  if (object.apiVersion !== apiVersion) {
    throw invalid(first, `invalid groupVersion (expected ${apiVersion}, received ${object.apiVersion ?? ''})`);
  }
  if (object.kind !== sent.kind) {
    throw invalid(first, `invalid kind (expected ${sent.kind}, received ${object.kind ?? ''})`);
  }
  if (!isObject(object.metadata)) throw invalid('metadata', 'missing metadata in converted object');
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, now] = [sent.metadata[field] ?? '', object.metadata[field] ?? ''];
    if (before !== now) throw invalid('object', `must have the same ${name}: ${before} != ${now}`);
  }
  object.metadata = restored(object.metadata as Record<string, unknown>, sent, (why) => invalid('metadata', why));
  return object;
}

function restored(
  answered: Record<string, unknown>,
  sent: KubeObject,
  fail: (why: string) => Error,
): KubeObject['metadata'] {
  const metadata = clone(sent.metadata);
  for (const field of ['labels', 'annotations'] as const) {
    const given = answered[field];
    if (given === undefined || given === null) {
      delete metadata[field];
      continue;
    }
    if (!isObject(given)) throw fail(`invalid metadata.${field} of type ${typeof given} in converted object`);
    for (const [key, value] of Object.entries(given)) {
      if (typeof value !== 'string') {
        throw fail(`metadata.${field}[${key}] must be a string, but is ${typeof value} in converted object`);
      }
    }
    const texts = given as Record<string, string>;
    const errors =
      field === 'labels'
        ? validateLabels(texts, new Path('metadata.labels'))
        : validateAnnotations(texts, new Path('metadata.annotation'));
    if (errors.length > 0) throw fail(aggregate(errors.map((error) => `${error.field}: ${error.message}`)));
    metadata[field] = texts;
  }
  return metadata;
}
