import { changedElectionOf, type ElectionSettings } from '@coracle/process/component-options';
import { UsageError } from '@coracle/process/program';
import type { SchedulerFlags } from '../flags.ts';
import type { SchedulerConfiguration } from './configuration.ts';
import { defaultConfiguration } from './configuration.ts';

/**
 * The configuration in effect: the file's, where there is one, with the flags for leader election that stand on the command line;
 * else the defaults with all flags. Throws UsageError for a bad file and for values that cannot work.
 */
export async function configurationOf(
  flags: SchedulerFlags,
  changed: ReadonlySet<string>,
): Promise<SchedulerConfiguration> {
  const base = flags.config === '' ? withoutFile(flags) : await fromFile(flags.config);
  const leaderElection = { ...base.leaderElection, ...changedElectionOf(flags, changed) };
  check(leaderElection, flags);
  const kubeconfig = base.clientConnection.kubeconfig || flags.kubeconfig;
  return { ...base, leaderElection, clientConnection: { ...base.clientConnection, kubeconfig } };
}

/** Only a start with a file pays for loading the schemas. */
async function fromFile(path: string): Promise<SchedulerConfiguration> {
  const [{ readComponentConfig }, { configurationFormat }] = await Promise.all([
    import('@coracle/process/component-config'),
    import('./configuration-schema.ts'),
  ]);
  return readComponentConfig(path, configurationFormat);
}

function withoutFile(flags: SchedulerFlags): SchedulerConfiguration {
  const configuration = defaultConfiguration();
  const clientConnection = {
    kubeconfig: flags.kubeconfig,
    qps: flags['kube-api-qps'],
    burst: flags['kube-api-burst'],
  };
  return { ...configuration, clientConnection };
}

function check(election: ElectionSettings, flags: SchedulerFlags): void {
  if (flags['leader-elect-resource-lock'] !== 'leases') {
    const value = JSON.stringify(flags['leader-elect-resource-lock']);
    throw new UsageError(`leaderElection.resourceLock: Invalid value: ${value}: resourceLock value must be "leases"`);
  }
  if (!election.leaderElect) return;
  if (election.leaseDuration <= election.renewDeadline) {
    throw new UsageError(
      'leaderElection.leaseDuration: Invalid value: LeaseDuration must be greater than RenewDeadline',
    );
  }
  if (election.renewDeadline <= election.retryPeriod) {
    throw new UsageError('leaderElection.renewDeadline: Invalid value: RenewDeadline must be greater than RetryPeriod');
  }
}
