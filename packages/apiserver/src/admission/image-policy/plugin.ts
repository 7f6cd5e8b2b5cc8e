import { decodeJson } from '@coracle/api/codec/json';
import { isObject } from '@coracle/api/meta/object';
import type { Pod } from '@coracle/api/types/core/v1';
import { TtlCache } from '../../chain/ttl-cache.ts';
import type { KubeconfigWebhook } from '../../webhooks/kubeconfig-webhook.ts';
import { withRetries } from '../../webhooks/retries.ts';
import type { AdmissionPlugin, Attributes } from '../plugin.ts';
import { isCore, refused, refusedBy } from '../refusal.ts';

/** The webhook that decides which images may run, and how it is asked. Times in milliseconds. */
export interface ImagePolicy {
  readonly webhook: KubeconfigWebhook;
  /** How long an answer is kept; 0: not at all. */
  readonly allowTtl: number;
  readonly denyTtl: number;
  /** Before the second attempt. */
  readonly retryBackoff: number;
  /** Whether pods are let through while it cannot be asked. */
  readonly defaultAllow: boolean;
}

/** What an ImageReview (imagepolicy.k8s.io/v1alpha1) asks. */
interface Question {
  readonly containers?: readonly { readonly image?: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

interface Answer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

const apiVersion = 'imagepolicy.k8s.io/v1alpha1';
const meant = '.image-policy.k8s.io/';
const auditPrefix = 'imagepolicywebhook.image-policy.k8s.io/';
const attempts = 5;
const remembered = 1024;

/**
 * ImagePolicyWebhook: asks a webhook whether the images of a pod may run
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#imagepolicywebhook).
 */
export function imagePolicyWebhook(policy: ImagePolicy): AdmissionPlugin {
  const { webhook, allowTtl, denyTtl, retryBackoff, defaultAllow } = policy;
  const cache = new TtlCache<Answer>(remembered);

  async function ask(spec: Question, signal: AbortSignal | undefined): Promise<Answer> {
    const key = JSON.stringify(spec);
    const known = cache.get(key);
    if (known) return known;
    const review = { kind: 'ImageReview', apiVersion, metadata: {}, spec, status: {} };
    // As upstream: any failure may pass.
    const mayPass = () => !signal?.aborted;
    const body = await withRetries(() => webhook.post(review, signal), {
      initialBackoff: retryBackoff,
      mayPass,
      attempts,
    });
    const answer = answerIn(body);
    cache.set(key, answer, answer.allowed ? allowTtl : denyTtl);
    return answer;
  }

  return {
    name: 'ImagePolicyWebhook',
    async validate(attributes) {
      const spec = questionAbout(attributes);
      if (!spec) return;
      let answer: Answer;
      try {
        answer = await ask(spec, attributes.signal);
      } catch (error) {
        if (!defaultAllow) throw refusedBy(attributes, error);
        attributes.annotate(`${auditPrefix}failed-open`, 'true');
        return;
      }
      for (const [key, value] of Object.entries(answer.auditAnnotations)) {
        attributes.annotate(`${auditPrefix}${key}`, value);
      }
      if (answer.allowed) return;
      throw refused(
        attributes,
        answer.reason === ''
          ? 'one or more images rejected by webhook backend'
          : `image policy webhook backend denied one or more images: ${answer.reason}`,
      );
    },
  };
}

/** Undefined: the request brings no images. */
function questionAbout(attributes: Attributes): Question | undefined {
  const { operation, subresource, object, namespace } = attributes;
  if (!isCore(attributes, 'pods') || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  if (subresource !== '' && subresource !== 'ephemeralcontainers') return undefined;
  const { spec, metadata } = object as Pod;
  const all =
    subresource === ''
      ? [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
      : (spec.ephemeralContainers ?? []);
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.includes(meant));
  return {
    ...(all.length > 0 ? { containers: all.map(({ image }) => (image ? { image } : {})) } : {}),
    ...(annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {}),
    ...(namespace === '' ? {} : { namespace }),
  };
}

/** Throws where it is no ImageReview. */
function answerIn(body: Buffer): Answer {
  const { value } = decodeJson(body);
  if (!isObject(value) || value.kind !== 'ImageReview' || value.apiVersion !== apiVersion) {
    throw new Error(`the answer of the image policy webhook is no ImageReview of ${apiVersion}`);
  }
  const status = isObject(value.status) ? value.status : {};
  const { auditAnnotations } = status;
  return {
    allowed: status.allowed === true,
    reason: typeof status.reason === 'string' ? status.reason : '',
    auditAnnotations: isObject(auditAnnotations)
      ? Object.fromEntries(Object.entries(auditAnnotations).map(([key, text]) => [key, String(text)]))
      : {},
  };
}
