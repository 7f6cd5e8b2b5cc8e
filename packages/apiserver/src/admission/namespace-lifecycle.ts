import { namespace } from '@coracle/api/core/v1/namespace';
import { forbiddenError, notFoundError } from '@coracle/api/meta/status';
import type { Namespace } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { refused } from './refusal.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);
const accessReviews = new Set(['localsubjectaccessreviews', 'subjectaccessreviews', 'selfsubjectaccessreviews']);

/** How long a namespace whose deletion was just asked for is read from the store: the cache may not have seen it yet. */
const recentDeletion = 30_000;

/**
 * NamespaceLifecycle: nothing is created in a namespace that does not exist or is being deleted, and the system's namespaces stay
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle).
 */
export function namespaceLifecycle(): AdmissionPlugin {
  const deleted = new Map<string, number>();

  async function find({ objects, namespace: name }: Attributes): Promise<Namespace> {
    const cached = objects.cached(namespace, name);
    const recently = (deleted.get(name) ?? 0) > Date.now() - recentDeletion;
    const found = cached && !recently ? cached : await objects.get(namespace, name);
    if (!found) throw notFoundError({ group: '', resource: 'namespaces' }, name);
    return found;
  }

  return {
    name: 'NamespaceLifecycle',
    async mutate(attributes) {
      const { operation, name, group, resource } = attributes;
      const ofNamespaces = group === '' && resource === 'namespaces';
      if (operation === 'DELETE' && ofNamespaces) {
        if (immortal.has(name)) throw forbiddenError({ group, resource }, name, 'this namespace may not be deleted');
        forget(deleted);
        deleted.set(name, Date.now());
      }
      if (ofNamespaces || attributes.namespace === '' || operation === 'DELETE' || operation === 'CONNECT') return;
      if (group === 'authorization.k8s.io' && accessReviews.has(resource)) return;
      const found = await find(attributes);
      if (operation === 'CREATE' && found.status?.phase === 'Terminating') throw terminating(attributes);
    },
  };
}

function forget(deleted: Map<string, number>): void {
  for (const [name, time] of deleted) if (time <= Date.now() - recentDeletion) deleted.delete(name);
}

function terminating(attributes: Attributes) {
  const name = attributes.namespace;
  const error = refused(attributes, `unable to create new content in namespace ${name} because it is being terminated`);
  const { details } = error.status;
  if (details) {
    details.causes = [
      ...(details.causes ?? []),
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${name} is being terminated`,
        field: 'metadata.namespace',
      },
    ];
  }
  return error;
}
