import type { Secret, ServiceAccount } from '@coracle/api/types/core/v1';
import { signToken, type TokenKey } from '@coracle/process/token-keys';

const prefix = 'kubernetes.io/serviceaccount';

/**
 * The token of an account that a Secret holds (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/): it ends with the
 * Secret, and with the account, and not by time.
 */
export function legacyToken(account: ServiceAccount, secret: Secret, key: TokenKey): string {
  const { name, namespace, uid } = account.metadata;
  const claims = {
    iss: 'kubernetes/serviceaccount',
    [`${prefix}/namespace`]: namespace,
    [`${prefix}/secret.name`]: secret.metadata.name,
    [`${prefix}/service-account.name`]: name,
    [`${prefix}/service-account.uid`]: uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
  return signToken(claims, key);
}
