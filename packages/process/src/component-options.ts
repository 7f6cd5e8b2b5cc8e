import { connect, loadKubeconfig } from '@coracle/client';
import { type DelegatedAccess, delegatedAccess } from './access.ts';
import type { DelegatedAccessFlags, LeaderElectionFlags, ServingFlags } from './component-flags.ts';
import type { StatusServerOptions } from './health.ts';
import { servingTlsOf } from './serving-certificates.ts';

/** When and how a component competes for its Lease. Durations are in milliseconds. */
export interface ElectionSettings {
  leaderElect: boolean;
  leaseDuration: number;
  renewDeadline: number;
  retryPeriod: number;
  resourceName: string;
  resourceNamespace: string;
}

const electionFlags = {
  leaderElect: 'leader-elect',
  leaseDuration: 'leader-elect-lease-duration',
  renewDeadline: 'leader-elect-renew-deadline',
  retryPeriod: 'leader-elect-retry-period',
  resourceName: 'leader-elect-resource-name',
  resourceNamespace: 'leader-elect-resource-namespace',
} as const satisfies Record<keyof ElectionSettings, keyof LeaderElectionFlags>;

/** What the flags say about leader election. */
export function electionOf(flags: LeaderElectionFlags): ElectionSettings {
  return {
    leaderElect: flags[electionFlags.leaderElect],
    leaseDuration: flags[electionFlags.leaseDuration],
    renewDeadline: flags[electionFlags.renewDeadline],
    retryPeriod: flags[electionFlags.retryPeriod],
    resourceName: flags[electionFlags.resourceName],
    resourceNamespace: flags[electionFlags.resourceNamespace],
  };
}

/** As `electionOf`, only what stood on the command line: it overrides a configuration file. */
export function changedElectionOf(flags: LeaderElectionFlags, changed: ReadonlySet<string>): Partial<ElectionSettings> {
  return Object.fromEntries(
    Object.entries(electionFlags).flatMap(([field, flag]) => (changed.has(flag) ? [[field, flags[flag]]] : [])),
  );
}

/** Where `serveStatus` serves, and with which certificates. Throws on flags that cannot be. */
export function servingOf(flags: ServingFlags): Pick<StatusServerOptions, 'port' | 'bindAddress' | 'tls'> {
  return { port: flags['secure-port'], bindAddress: flags['bind-address'], tls: servingTlsOf(flags) };
}

/**
 * Who may read what `serveStatus` serves, by the API server's word; undefined when the flags name no way to it. Where only one of the
 * two kubeconfig files is given, both questions go the way it names.
 */
export function accessOf(flags: DelegatedAccessFlags, userAgent: string): DelegatedAccess | undefined {
  const tokens = flags['authentication-kubeconfig'] || flags['authorization-kubeconfig'];
  const decisions = flags['authorization-kubeconfig'] || tokens;
  if (tokens === '') return undefined;
  const options = {
    clientCaFile: flags['client-ca-file'] || undefined,
    tokenTtl: flags['authentication-token-webhook-cache-ttl'],
    allowedTtl: flags['authorization-webhook-cache-authorized-ttl'],
    deniedTtl: flags['authorization-webhook-cache-unauthorized-ttl'],
  };
  const accessBy = (kubeconfig: string): DelegatedAccess =>
    delegatedAccess(connect({ ...loadKubeconfig(kubeconfig), userAgent }), options);
  const authenticator = accessBy(tokens);
  if (decisions === tokens) return authenticator;
  const authorizer = accessBy(decisions);
  return { authenticate: authenticator.authenticate, authorize: authorizer.authorize };
}
