import type { KubeObject } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';
import type { Pod } from '@coracle/api/types/core/v1';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import type { Snapshot } from '../cache/snapshot.ts';
import type { Clock } from '../clock.ts';
import type { Nominator } from '../queue/nominator.ts';
import type { CycleState } from './cycle-state.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Verdict } from './status.ts';
import type { WaitingPods } from './waiting-pods.ts';

/** What plugins read of the cluster beside nodes and pods. All answers come from informers. */
export interface Listers {
  pod(namespace: string, name: string): Pod | undefined;
  namespaceLabels(namespace: string): Readonly<Record<string, string>> | undefined;
  /** Selectors of the Services, and of the controller, that the pod belongs to: what spreading by default goes by. */
  selectorsFor(pod: Pod): Selector[];
  disruptionBudgets(namespace: string): readonly PodDisruptionBudget[];
}

/** What the scheduler changes through the API server. Each rejects with the server's error. */
export interface PodWriter {
  bind(pod: Pod, node: string): Promise<void>;
  /** Sends a strategic merge patch of the pod's status. */
  patchStatus(pod: Pod, status: object): Promise<void>;
  delete(pod: Pod): Promise<void>;
}

export type EventSink = (
  about: KubeObject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  action: string,
) => void;

/** What a plugin is given when it is made. */
export interface Handle {
  readonly snapshot: Snapshot;
  readonly listers: Listers;
  readonly pods: PodWriter;
  readonly nominator: Nominator;
  readonly waitingPods: WaitingPods;
  readonly event: EventSink;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** The profile's own filters and PreFilter adjustments, for plugins that try out what-ifs (preemption). */
  readonly whatIf: WhatIf;
}

export interface WhatIf {
  filterWithNominated(state: CycleState, pod: PodInfo, node: NodeInfo): Verdict;
  addPod(state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo): void;
  removePod(state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo): void;
}
