import type { TokenReview } from '../../generated/authentication/v1.ts';
import { defineKind } from '../../kind.ts';

/** Asks whose token this is. Answered at once, never stored. */
export const tokenReview = defineKind<TokenReview>('authentication/v1', {
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  verbs: ['create'],
  hasGeneration: false,
});
