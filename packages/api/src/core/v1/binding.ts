import type { Binding } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';

/** Binds a pod to a node. Answered at once, never stored. */
export const binding = defineKind<Binding>('core/v1', {
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
  verbs: ['create'],
  hasGeneration: false,
});
