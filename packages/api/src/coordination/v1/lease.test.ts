import { expect, it } from '@jest/globals';
import type { Lease } from '../../generated/coordination/v1.ts';
import { validateCreate } from '../../validate.ts';
import { lease } from './lease.ts';

const of = (spec: NonNullable<Lease['spec']>): Lease => ({ metadata: { name: 'a', namespace: 'default' }, spec });

it('a lease lasts for some time, and has changed hands no less than never', () => {
  const errors = validateCreate(lease, of({ leaseDurationSeconds: 0, leaseTransitions: -1 }));
  expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
  ]);
});

it('a lease loses what is for coordinated leader election, which is off', () => {
  const coordinated = { holderIdentity: 'a', strategy: 'OldestEmulationVersion', preferredHolder: 'b' };
  const [fresh, changed] = [of({ ...coordinated }), of({ ...coordinated })];
  lease.prepareForCreate!(fresh);
  lease.prepareForUpdate!(changed, fresh);
  expect([fresh.spec, changed.spec]).toEqual([{ holderIdentity: 'a' }, { holderIdentity: 'a' }]);
});
