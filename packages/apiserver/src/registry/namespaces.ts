import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { badRequest, conflict } from '@coracle/api/meta/status';
import type { Namespace } from '@coracle/api/types/core/v1';
import type { ResourceHooks, Subresource } from './strategy.ts';

/** Namespaces stay, as Terminating, until spec.finalizers is empty: the namespace controller empties them first. */
export const namespaceHooks: ResourceHooks<Namespace> = {
  holdsBackDeletion: (it) => (it.spec.finalizers?.length ?? 0) > 0,
  onMarkedForDeletion(it) {
    it.status = { ...it.status, phase: 'Terminating' };
  },
};

/** PUT of `namespaces/finalize`: sets spec.finalizers, and removes the namespace when that was the last thing it waited for. */
export const namespaceFinalize: Subresource = {
  methods: ['PUT'],
  body: { group: '', version: 'v1', kind: 'Namespace' },
  async handle(call) {
    const wanted = await call.body<Namespace>('core/v1.Namespace');
    if (!wanted) throw badRequest('a namespace is required');
    const { name } = call;
    if (wanted.metadata?.name && wanted.metadata.name !== name) {
      throw badRequest(`the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`);
    }
    const { resourceVersion, uid } = wanted.metadata ?? {};
    const updated = await call.objects.update(
      namespaceKind,
      name,
      undefined,
      (current) => {
        if (
          (resourceVersion && resourceVersion !== current.metadata.resourceVersion) ||
          (uid && uid !== current.metadata.uid)
        ) {
          throw conflict({ group: '', resource: 'namespaces' }, name);
        }
        current.spec.finalizers = wanted.spec?.finalizers ?? [];
        return current;
      },
      { subresource: 'finalize', dryRun: call.dryRun },
    );
    await call.respond(200, updated);
  },
};
