import type { PriorityLevelConfiguration } from '../../generated/flowcontrol/v1.ts';

const queueLengthLimit = 50;

/** Levels that every cluster begins with, besides the mandatory ones; what they are is the administrator's to change (KEP-1040). */
export const suggestedLevels: readonly PriorityLevelConfiguration[] = [
  // What nodes need to keep what runs on them going.
  level('system', { shares: 30, lendable: 33, queues: 64, handSize: 6 }),
  // Nodes say that they are alive, even where all else they ask for has to wait.
  level('node-high', { shares: 40, lendable: 25, queues: 64, handSize: 6 }),
  level('leader-election', { shares: 10, lendable: 0, queues: 16, handSize: 4 }),
  // The cluster's own controllers and its scheduler.
  level('workload-high', { shares: 40, lendable: 50, queues: 128, handSize: 6 }),
  level('workload-low', { shares: 100, lendable: 90, queues: 128, handSize: 6 }),
  // Everybody else: people, most of all.
  level('global-default', { shares: 20, lendable: 50, queues: 128, handSize: 6 }),
];

interface Width {
  shares: number;
  /** Percent. */
  lendable: number;
  queues: number;
  handSize: number;
}

function level(name: string, { shares, lendable, queues, handSize }: Width): PriorityLevelConfiguration {
  return {
    metadata: { name },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: shares,
        lendablePercent: lendable,
        limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit } },
      },
    },
  };
}
