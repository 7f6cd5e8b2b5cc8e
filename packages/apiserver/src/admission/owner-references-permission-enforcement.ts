import type { AnyKind } from '@coracle/api/kind';
import { deepEqual } from '@coracle/api/meta/object';
import type { OwnerReference } from '@coracle/api/types/meta/v1';
import type { Authorizer, Attributes as Question } from '../chain/authorization/authorizer.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isCore, refused } from './refusal.ts';

type ResourceQuestion = Extract<Question, { path?: undefined }>;

/**
 * OwnerReferencesPermissionEnforcement: whoever gives an object an owner could delete it by way of that owner, and so must be allowed to; who lets it
 * block the owner's deletion must be allowed to write the owner's finalizers
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#ownerreferencespermissionenforcement).
 */
export function ownerReferencesPermissionEnforcement(
  authorizer: Authorizer,
  kinds: () => Iterable<AnyKind>,
): AdmissionPlugin {
  /** Why the user may not, as upstream shows it: reason and error; undefined: they may. */
  async function denial(attributes: Attributes, what: Omit<ResourceQuestion, 'user'>): Promise<string | undefined> {
    const { decision, reason, failure } = await authorizer.authorize({ user: attributes.user, ...what });
    return decision === 'allow' ? undefined : `${reason}, ${failure ?? '<nil>'}`;
  }

  return {
    name: 'OwnerReferencesPermissionEnforcement',
    async validate(attributes) {
      const { operation, object, oldObject, subresource } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      // The status of a pod never changes its owners.
      if (isCore(attributes, 'pods') && subresource === 'status') return;
      const now = object?.metadata?.ownerReferences ?? [];
      const before = oldObject?.metadata.ownerReferences ?? [];
      if (deepEqual(now, before)) return;
      const { group, version, resource, namespace, name } = attributes;
      const deletion = { verb: 'delete', group, version, resource, subresource, namespace, name };
      const mayNotDelete = await denial(attributes, deletion);
      if (mayNotDelete !== undefined) {
        throw refused(attributes, `cannot set an ownerRef on a resource you can't delete: ${mayNotDelete}`);
      }
      for (const reference of newlyBlocking(now, before)) {
        const found = resourcesOf(reference, kinds());
        if (found.length === 0) {
          const { apiVersion, kind } = reference;
          const missing = `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`;
          throw refused(
            attributes,
            `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kind}: ${missing}`,
          );
        }
        for (const kind of found) {
          const mayNotBlock = await denial(attributes, {
            verb: 'update',
            group: kind.group,
            version: kind.version,
            resource: kind.plural,
            subresource: 'finalizers',
            namespace: kind.namespaced ? namespace : '',
            name: reference.name,
          });
          if (mayNotBlock === undefined) continue;
          throw refused(
            attributes,
            `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${mayNotBlock}`,
          );
        }
      }
    },
  };
}

/** The references that block their owner's deletion, and did not before. */
function newlyBlocking(now: readonly OwnerReference[], before: readonly OwnerReference[]): OwnerReference[] {
  const blocked = new Set(before.flatMap(({ uid, blockOwnerDeletion }) => (blockOwnerDeletion ? [uid] : [])));
  return now.filter(({ uid, blockOwnerDeletion }) => blockOwnerDeletion && !blocked.has(uid));
}

function resourcesOf({ apiVersion, kind }: OwnerReference, kinds: Iterable<AnyKind>): AnyKind[] {
  return [...kinds].filter((each) => each.kind === kind && each.apiVersion === apiVersion);
}
