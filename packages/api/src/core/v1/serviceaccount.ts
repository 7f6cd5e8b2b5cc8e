import { age, countAsText } from '../../columns.ts';
import type { ServiceAccount } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';

/** Of old, pods of an account that says so may use the Secrets it lists alone. */
const mountableSecrets = 'kubernetes.io/enforce-mountable-secrets';

/** An identity for the programs in pods. */
export const serviceAccount = defineKind<ServiceAccount>('core/v1', {
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  warnings: ({ metadata }, old) =>
    metadata.annotations?.[mountableSecrets] === undefined ||
    old?.metadata.annotations?.[mountableSecrets] !== undefined
      ? []
      : [
          `metadata.annotations[${mountableSecrets}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
        ],
  columns: [countAsText('Secrets', (it) => it.secrets?.length, 'Number of secrets its pods may use.'), age],
});
