import type { PriorityLevelConfiguration } from '../../generated/flowcontrol/v1.ts';

/** The level and the schema whose requests are never held back. */
export const exemptName = 'exempt';
/** The level and the schema of requests that nothing else is about. */
export const catchAllName = 'catch-all';

const exempt: PriorityLevelConfiguration = {
  metadata: { name: exemptName },
  spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
};

const catchAll: PriorityLevelConfiguration = {
  metadata: { name: catchAllName },
  spec: {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
  },
};

/** The levels of these names can only be so. */
export const mandatoryLevels: readonly PriorityLevelConfiguration[] = [exempt, catchAll];
