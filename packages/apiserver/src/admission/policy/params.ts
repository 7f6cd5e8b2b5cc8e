import { selectorFrom } from '@coracle/api/meta/labels';
import type { ParamKind, ParamRef } from '@coracle/api/types/admissionregistration/v1';
import { withType } from './inputs.ts';
import type { PolicySurroundings } from './policies.ts';

/** A policy or binding that cannot be carried out as it is; failurePolicy decides what follows. */
export class ConfigurationError extends Error {}

/**
 * The objects a binding gives its policy as parameters: the policy is evaluated once with each. null stands for none, where the policy has no
 * parameters or the binding names none. Throws ConfigurationError.
 */
export function paramsOf(
  paramKind: ParamKind | undefined,
  ref: ParamRef | undefined,
  requestNamespace: string,
  { objects, kinds }: PolicySurroundings,
): readonly (object | null)[] {
  if (!paramKind) return [null];
  const { apiVersion = '', kind: kindName = '' } = paramKind;
  const kind = kinds().kind(apiVersion, kindName);
  if (!kind) {
    const shown = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kindName}`;
    throw new ConfigurationError(`failed to find resource referenced by paramKind: '${shown}'`);
  }
  if (!ref) return [null];
  let namespace: string | undefined;
  if (kind.namespaced) {
    namespace = ref.namespace || requestNamespace;
    if (namespace === '') {
      throw new ConfigurationError(
        'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
      );
    }
  } else if (ref.namespace) {
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const named = ref.name ? objects.cached(kind, ref.name, namespace) : undefined;
  const found = ref.name
    ? named
      ? [named]
      : []
    : objects.cachedList(kind, namespace, selectorFrom(ref.selector ?? {}));
  if (found.length === 0 && ref.parameterNotFoundAction !== 'Allow') {
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return found.map((each) => withType(each, kind));
}
