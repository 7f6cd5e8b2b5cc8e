import type { Pod, Secret } from '@coracle/api/types/core/v1';
import type { Log } from '@coracle/process';
import type { CriClient } from '../cri/client.ts';
import type { EnvironmentSources } from '../environment/environment.ts';
import type { ImageManager } from '../images/image-manager.ts';
import type { Probes } from '../probes/probes.ts';
import type { PodCgroups } from '../resources/pod-cgroups.ts';
import type { StatusManager } from '../status/status-manager.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import type { BackOff } from './back-off.ts';
import type { DnsSettings } from './dns.ts';
import type { Events } from './events.ts';
import type { RuntimePods } from './runtime-pod.ts';

/** What the parts that run pods share. */
export interface PodDependencies {
  cri: CriClient;
  /** `containerd`. */
  runtimeName: string;
  runtimePods: RuntimePods;
  images: ImageManager;
  volumes: PodVolumes;
  cgroups: PodCgroups;
  events: Events;
  probes: Probes;
  statuses: StatusManager;
  objects: EnvironmentSources;
  /** Restart delays of containers. */
  restarts: BackOff;
  node: NodeFacts;
  settings: PodSettings;
  log: Log;
  /** Why pods with a network of their own cannot start now; undefined when they can. */
  networkProblem(): string | undefined;
  /** Why the node does not take a pod; undefined when it does. */
  admit(pod: Pod): { reason: string; message: string } | undefined;
  /** Has `admit` know the node as the API has it now. Throws when the API does not answer. */
  refreshNode(): Promise<void>;
  /** Told when a pod has ended or a container runs out, so that others can be admitted or started. */
  mirror?: MirrorPods;
  pullSecrets(pod: Pod): Promise<Secret[]>;
}

/** Keeps the API's mirror of a static pod. */
export interface MirrorPods {
  ensure(pod: Pod): Promise<void>;
}

export interface NodeFacts {
  name: string;
  ips: readonly string[];
  allocatable: Readonly<Record<string, string>>;
  /** Bytes. */
  memory: number;
  /** `hugepages-2Mi` for each page size of the node. */
  hugepages: readonly string[];
}

export interface PodSettings {
  dns: DnsSettings;
  podLogs: string;
  containerLogLinks: string;
  seccompFolder: string;
  seccompDefault: boolean;
  cpuQuota: boolean;
  /** Microseconds. */
  cpuQuotaPeriod: number;
  unifiedCgroups: boolean;
}
