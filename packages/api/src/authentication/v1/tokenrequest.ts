import type { TokenRequest } from '../../generated/authentication/v1.ts';
import { defineKind } from '../../kind.ts';

/** The body of a service account's token subresource. It has no collection of its own. */
export const tokenRequest = defineKind<TokenRequest>('authentication/v1', {
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  namespaced: true,
  verbs: [],
  hasGeneration: false,
  defaults(it) {
    it.spec.expirationSeconds ??= 3600;
  },
});
