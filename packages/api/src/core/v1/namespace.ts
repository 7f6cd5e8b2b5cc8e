import { age, text } from '../../columns.ts';
import type { Namespace } from '../../generated/core/v1.ts';
import { allVerbs, defineKind } from '../../kind.ts';
import { type FieldError, invalid, malformed, type Path } from '../../meta/field-path.ts';
import { isDns1123Label, isFinalizerName } from '../../meta/names.ts';

/** A room for names: most objects live in one, and are deleted with it. */
export const namespace = defineKind<Namespace>('core/v1', {
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  // All namespaces at once are all there is: upstream refuses to delete the collection.
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  hasGeneration: false,
  name: isDns1123Label,
  subresources: { status: true },
  defaults(it) {
    // Every namespace carries its own name as a label, so that selectors can name it (KEP-2161).
    if (it.metadata.name)
      it.metadata.labels = { ...it.metadata.labels, 'kubernetes.io/metadata.name': it.metadata.name };
    it.spec ??= {};
  },
  prepareForCreate(it) {
    it.status = { phase: 'Active' };
    it.spec.finalizers = [...new Set([...(it.spec.finalizers ?? []), 'kubernetes'])];
  },
  prepareForUpdate(it, old) {
    it.spec.finalizers = old.spec.finalizers;
    it.status = old.status;
  },
  validate: validateNamespaceFinalizers,
  validateStatusUpdate(it, _old, at) {
    const phase = it.status?.phase ?? '';
    const [wanted, when] = it.metadata.deletionTimestamp ? ['Terminating', 'is not empty'] : ['Active', 'is empty'];
    if (phase === wanted) return [];
    // The path is upstream's.
    return [invalid(at.child('status.Phase'), phase, `may only be '${wanted}' if \`deletionTimestamp\` ${when}`)];
  },
  columns: [text('Status', (it) => it.status?.phase, 'Active, or Terminating while it is emptied.'), age],
  selectableFields: { 'status.phase': (it) => it.status?.phase ?? '' },
});

/** Errors of what has to be done before a namespace goes. */
export function validateNamespaceFinalizers({ spec }: Namespace, at: Path): FieldError[] {
  return (spec?.finalizers ?? []).flatMap((name) => malformed(at.child('spec.finalizers'), name, isFinalizerName));
}
