import { age, text } from '../../columns.ts';
import type { Lease } from '../../generated/coordination/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, invalid } from '../../meta/field-path.ts';

/** Who leads, or that a node lives: a name, a holder and a time. */
export const lease = defineKind<Lease>('coordination/v1', {
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  allowCreateOnUpdate: true,
  hasGeneration: false,
  prepareForCreate: dropCoordination,
  prepareForUpdate: dropCoordination,
  validate(it, at) {
    const errors: FieldError[] = [];
    const spec = it.spec ?? {};
    const path = at.child('spec');
    if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
      errors.push(invalid(path.child('leaseDurationSeconds'), spec.leaseDurationSeconds, 'must be greater than 0'));
    }
    if (spec.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
      errors.push(invalid(path.child('leaseTransitions'), spec.leaseTransitions, 'must be greater than or equal to 0'));
    }
    return errors;
  },
  columns: [text('Holder', (it) => it.spec?.holderIdentity, 'Who holds it.'), age],
});

/** Coordinated leader election is not on: upstream's gate is off. */
function dropCoordination({ spec }: Lease): void {
  delete spec?.strategy;
  delete spec?.preferredHolder;
}
