import { age, countAsText } from '../../columns.ts';
import type { ServiceAccount } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';

/** An identity for the programs in pods. */
export const serviceAccount = defineKind<ServiceAccount>('core/v1', {
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  columns: [countAsText('Secrets', (it) => it.secrets?.length, 'Number of secrets its pods may use.'), age],
});
