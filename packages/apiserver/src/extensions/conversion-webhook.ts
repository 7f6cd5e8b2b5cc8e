import { randomUUID } from 'node:crypto';
import { encodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { messageOf } from '@coracle/api/meta/message-of';
import { plainFailure } from '@coracle/api/meta/status';
import type { ConversionReview, CustomResourceDefinition } from '@coracle/api/types/apiextensions/v1';
import { kindText, reviewIn } from '../webhooks/answer.ts';
import { postToWebhook, type WebhookTarget, webhookTarget } from '../webhooks/post.ts';
import type { RestObserver } from '../webhooks/rest-metrics.ts';
import type { ServiceResolver } from '../webhooks/service-resolver.ts';
import type { ConversionFailure, ConversionMetrics } from './conversion-metrics.ts';
import { convertedObject } from './converted-object.ts';

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
    let stage: ConversionFailure = 'conversion_webhook_call_failure';
    try {
      if (!version) throw new Error('no supported conversion review versions');
      target ??= webhookTarget(clientConfig ?? {}, resolve);
      const converted = await ask({ target, version, of, observe: metrics.sent }, objects, apiVersion, (next) => {
        stage = next;
      });
      stage = 'conversion_webhook_invalid_converted_object_failure';
      const made = converted.map((each, i) => convertedObject(each, objects[i]!, apiVersion, of));
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
  const review = {
    kind: 'ConversionReview',
    apiVersion: `${reviewGroup}/${version}`,
    request: { uid, desiredAPIVersion, objects: objects.map(asStored) },
    // Upstream leaves room for the answer.
    response: { uid: '', convertedObjects: null, result: { metadata: {} } },
  };
  let converted: unknown[];
  try {
    const answer = await postToWebhook(target, Buffer.from(encodeJson(review)), {
      milliseconds: patience,
      isOwnTime: true,
      userAgent,
      observe,
    });
    const answered = reviewIn<ConversionReview>(answer, { group: reviewGroup, version, kind: 'ConversionReview' });
    reached('conversion_webhook_malformed_response_failure');
    converted = convertedIn(answered, version, uid);
  } catch (error) {
    throw new Error(`conversion webhook for ${of} failed: ${messageOf(error)}`);
  }
  reached('conversion_webhook_partial_response_failure');
  if (converted.length !== objects.length) {
    throw new Error(`conversion webhook for ${of} returned ${converted.length} objects, expected ${objects.length}`);
  }
  return converted;
}

/** Webhooks are shown what is stored, which has no revision. */
function asStored({ metadata: { resourceVersion: _resourceVersion, ...metadata }, ...object }: KubeObject): KubeObject {
  return { ...object, metadata };
}

function convertedIn(
  { apiVersion = '', kind = '', response }: ConversionReview,
  version: string,
  uid: string,
): unknown[] {
  // The older form was never checked for being the answer to this question.
  const isChecked = version === 'v1';
  const [wanted, got] = [kindText(`${reviewGroup}/v1`, 'ConversionReview'), kindText(apiVersion, kind)];
  if (isChecked && got !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${got}`);
  if (!response) throw new Error('no response provided');
  if (isChecked && response.uid !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
  }
  const { status = '', message = '' } = response.result ?? {};
  if (status !== 'Success') throw new Error(message || `response.result.status was '${status}', not 'Success'`);
  return response.convertedObjects ?? [];
}
