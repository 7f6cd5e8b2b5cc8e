import type { ElectionSettings } from '@coracle/process/component-options';
import type { ExtensionPoint } from '../framework/plugin.ts';
import type { PluginArgs } from './plugin-args.ts';
import { defaultPluginArgs } from './plugin-args.ts';

/** A KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) with every default filled in. Times are milliseconds. */
export interface SchedulerConfiguration {
  leaderElection: ElectionSettings;
  clientConnection: ClientConnectionConfiguration;
  /** Share of nodes to find feasible before scoring, in percent; 0 adapts it to the size of the cluster. */
  percentageOfNodesToScore: number;
  podInitialBackoff: number;
  podMaxBackoff: number;
  profiles: readonly ProfileConfiguration[];
}

export interface ClientConnectionConfiguration {
  kubeconfig: string;
  /** Requests a second; 0 leaves it to the API server's own flow control. */
  qps: number;
  burst: number;
}

export interface ProfileConfiguration {
  schedulerName: string;
  /** Overrides the configuration's own share for this profile. */
  percentageOfNodesToScore: number | undefined;
  plugins: PluginsConfiguration;
  args: PluginArgs;
}

export interface PluginChoice {
  name: string;
  weight?: number;
}

/** What a profile changes about one extension point; `*` disables all defaults. */
export interface PluginSetConfiguration {
  enabled?: PluginChoice[];
  disabled?: PluginChoice[];
}

export type PluginsConfiguration = Partial<Record<ExtensionPoint | 'multiPoint', PluginSetConfiguration>>;

export const defaultSchedulerName = 'default-scheduler';

export function defaultProfile(): ProfileConfiguration {
  return {
    schedulerName: defaultSchedulerName,
    percentageOfNodesToScore: undefined,
    plugins: {},
    args: defaultPluginArgs(),
  };
}

/** What holds without a configuration file. */
export function defaultConfiguration(): SchedulerConfiguration {
  return {
    leaderElection: {
      leaderElect: true,
      leaseDuration: 15_000,
      renewDeadline: 10_000,
      retryPeriod: 2_000,
      resourceName: 'kube-scheduler',
      resourceNamespace: 'kube-system',
    },
    clientConnection: { kubeconfig: '', qps: 0, burst: 0 },
    percentageOfNodesToScore: 0,
    podInitialBackoff: 1_000,
    podMaxBackoff: 10_000,
    profiles: [defaultProfile()],
  };
}
