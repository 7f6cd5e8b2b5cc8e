import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { connect, type Fence, leading, type RestConfig } from '@coracle/client';
import type { ElectionSettings } from './component-options.ts';
import type { Log } from './log.ts';
import { leaderElectionMetrics, type Registry } from './metrics.ts';

/** What a component competes with for its Lease. */
export interface Candidacy {
  connection: RestConfig;
  /** The component's; requests about the Lease add `/leader-election`. */
  userAgent: string;
  settings: ElectionSettings;
  /** Stands before the writes of the work's clients (RestConfig's `beforeWrite`). */
  fence: Fence;
  metrics: Registry;
  log: Log;
  signal: AbortSignal;
}

/**
 * Runs the work while this process is the leader; without leader election at once. The work's signal is aborted when the process
 * stops or loses the Lease. Throws LeaderElectionLost in the latter case.
 */
export async function whileLeader(candidacy: Candidacy, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { connection, userAgent, fence, metrics, log, signal } = candidacy;
  const { leaderElect, resourceName, resourceNamespace, ...times } = candidacy.settings;
  if (!leaderElect) {
    fence.open();
    return work(signal);
  }
  const status = leaderElectionMetrics(metrics);
  status.leading(resourceName, false);
  // Elections must not queue behind the component's own requests, or a busy leader would lose its lease.
  const client = connect({ ...connection, userAgent: `${userAgent}/leader-election` });
  const identity = `${hostname()}_${randomUUID()}`;
  const election = { ...times, name: resourceName, namespace: resourceNamespace, identity, fence, log };
  await leading(client, election, signal, (whileLeading) => {
    status.leading(resourceName, true);
    return work(whileLeading);
  });
}
