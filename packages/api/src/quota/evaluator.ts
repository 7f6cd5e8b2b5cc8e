import type { ScopedResourceSelectorRequirement } from '../generated/core/v1.ts';
import type { KubeObject } from '../kind.ts';
import type { Amounts } from '../meta/resources.ts';

/**
 * How the objects of one resource use what quotas bound. Admission and the controller share these, so that both count alike
 * (https://kubernetes.io/docs/concepts/policy/resource-quotas/).
 */
export interface Evaluator {
  /** Whether a name in a quota (`requests.cpu`) bounds something these objects use. */
  bounds(name: string): boolean;
  /** What an object uses, at a time in milliseconds since 1970; also what no quota bounds. */
  usage(object: KubeObject, now: number): Amounts;
  /** Whether an object is in a scope; without it no object is, and no quota with scopes is about them. */
  inScope?(object: KubeObject, term: ScopedResourceSelectorRequirement): boolean;
  /** What an object does not state and must, of the names a quota bounds, in words; undefined: nothing. */
  missing?(object: KubeObject, names: readonly string[]): string | undefined;
  /** Whether an object's metadata is all it takes to count it, so that only its end makes a difference. */
  readonly byMetadata?: true;
  /** Whether a write is one that may use more. */
  charges(operation: string, subresource: string): boolean;
}
