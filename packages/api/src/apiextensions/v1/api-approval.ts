import type { CustomResourceDefinition } from '../../generated/apiextensions/v1.ts';
import { type FieldError, invalid, Path, required } from '../../meta/field-path.ts';

const annotation = 'api-approved.kubernetes.io';

/** What the annotation about an API's approval says. */
export interface ApiApproval {
  state: 'missing' | 'invalid' | 'bypassed' | 'approved';
  reason: string;
}

/** Whether a group belongs to the Kubernetes community, whose APIs need approval (KEP-2337 and https://github.com/kubernetes/enhancements/pull/1111). */
export function isProtectedGroup(group = ''): boolean {
  return ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`));
}

/** What a definition's annotation says of its approval. */
export function apiApprovalOf({ metadata }: CustomResourceDefinition): ApiApproval {
  const text = metadata.annotations?.[annotation];
  const shown = JSON.stringify(annotation);
  if (!text) {
    return {
      state: 'missing',
      reason: `protected groups must have approval annotation ${shown}, see https://github.com/kubernetes/enhancements/pull/1111`,
    };
  }
  if (text.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(text)}` };
  if (URL.canParse(text) && new URL(text).host !== '') return { state: 'approved', reason: `approved in ${text}` };
  return {
    state: 'invalid',
    reason: `protected groups must have approval annotation ${shown} with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
  };
}

/** Errors of the annotation in protected groups; what an update leaves as it was is not complained about. */
export function apiApprovalErrors(it: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  if (!isProtectedGroup(it.spec.group)) return [];
  const { state, reason } = apiApprovalOf(it);
  if (old && apiApprovalOf(old).state === state) return [];
  const at = new Path('metadata.annotations').key(annotation);
  if (state === 'missing') return [required(at, reason)];
  return state === 'invalid' ? [invalid(at, it.metadata.annotations![annotation], reason)] : [];
}
