import { validateNamespaceFinalizers } from '@coracle/api/core/v1/namespace';
import type { Namespace } from '@coracle/api/types/core/v1';
import type { ResourceHooks, Subresource } from './strategy.ts';

/** Namespaces stay, as Terminating, until spec.finalizers is empty: the namespace controller empties them first. */
export const namespaceHooks: ResourceHooks<Namespace> = {
  holdsBackDeletion: (it) => (it.spec.finalizers?.length ?? 0) > 0,
  onMarkedForDeletion(it) {
    it.status = { ...it.status, phase: 'Terminating' };
  },
  views: {
    finalize: {
      prepare: (it, old) => ({ ...it, status: old.status }),
      validate: (it, _old, at) => validateNamespaceFinalizers(it, at),
    },
  },
};

/** PUT of `namespaces/finalize`: sets spec.finalizers, and removes the namespace when that was the last thing it waited for. */
export const namespaceFinalize: Subresource = {
  methods: ['PUT'],
  body: { group: '', version: 'v1', kind: 'Namespace' },
};
