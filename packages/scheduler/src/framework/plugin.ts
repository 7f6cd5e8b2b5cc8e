import type { Pod } from '@coracle/api/types/core/v1';
import type { QueuedPod } from '../queue/queued-pod.ts';
import type { CycleState } from './cycle-state.ts';
import type { EventInterest } from './events.ts';
import type { NodeInfo } from './node-info.ts';
import type { NodeStatuses } from './node-statuses.ts';
import type { PodInfo } from './pod-info.ts';
import type { Status, Verdict } from './status.ts';

export const maxNodeScore = 100;

export interface NodeScore {
  readonly node: NodeInfo;
  score: number;
}

/** What a PreFilter narrows the search to: node names, or all nodes when undefined. */
export interface PreFilterResult {
  readonly nodes?: ReadonlySet<string>;
  readonly status?: Verdict;
}

/** What a PostFilter achieved: a node that will have room soon, or why there is none. */
export interface PostFilterResult {
  /** Set: nominate this node. Empty string: clear the nomination. Undefined: leave it as it is. */
  readonly nominatedNode?: string;
  readonly status?: Verdict;
}

/** Permit's answer: go on (undefined), refuse, or wait up to `timeout` milliseconds. */
export interface PermitResult {
  readonly status?: Verdict;
  readonly timeout?: number;
}

/**
 * A scheduling plugin: a name and the extension points it implements, called in upstream's order
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/). PreFilter up to Permit run one pod at a
 * time and must not wait, but for PostFilter; PreBind and Bind run beside the scheduling of further pods.
 */
export interface Plugin {
  readonly name: string;
  /** What to retry pods for that this plugin refused. A plugin that refuses pods must name something. */
  interests?(): EventInterest[];
  /** QueueSort: whether `a` is to be scheduled before `b`. Exactly one plugin of a profile sorts, the same in all profiles. */
  less?(a: QueuedPod, b: QueuedPod): boolean;
  preEnqueue?(pod: Pod): Verdict;
  preFilter?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): PreFilterResult;
  /** Adjusts PreFilter's state as if `other` were added to (removed from) `node`. */
  addPod?(state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo): void;
  removePod?(state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo): void;
  filter?(state: CycleState, pod: PodInfo, node: NodeInfo): Verdict;
  postFilter?(state: CycleState, pod: PodInfo, statuses: NodeStatuses): Promise<PostFilterResult>;
  preScore?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): Verdict;
  score?(state: CycleState, pod: PodInfo, node: NodeInfo): number;
  /** Brings this plugin's scores into 0..100, in place. */
  normalizeScore?(state: CycleState, pod: PodInfo, scores: NodeScore[]): void;
  reserve?(state: CycleState, pod: PodInfo, node: string): Verdict;
  /** Undoes `reserve`; must be idempotent and cannot fail. */
  unreserve?(state: CycleState, pod: PodInfo, node: string): void;
  permit?(state: CycleState, pod: PodInfo, node: string): PermitResult;
  preBind?(state: CycleState, pod: PodInfo, node: string): Promise<Verdict>;
  bind?(state: CycleState, pod: PodInfo, node: string): Promise<Verdict>;
  postBind?(state: CycleState, pod: PodInfo, node: string): void;
}

/** The names of the extension points as the configuration and the metrics spell them. */
export const extensionPoints = {
  preEnqueue: 'PreEnqueue',
  queueSort: 'QueueSort',
  preFilter: 'PreFilter',
  filter: 'Filter',
  postFilter: 'PostFilter',
  preScore: 'PreScore',
  score: 'Score',
  reserve: 'Reserve',
  permit: 'Permit',
  preBind: 'PreBind',
  bind: 'Bind',
  postBind: 'PostBind',
} as const;

export type ExtensionPoint = keyof typeof extensionPoints;

/** The method that makes a plugin take part in an extension point. */
export const methodOf: Readonly<Record<ExtensionPoint, keyof Plugin>> = {
  preEnqueue: 'preEnqueue',
  queueSort: 'less',
  preFilter: 'preFilter',
  filter: 'filter',
  postFilter: 'postFilter',
  preScore: 'preScore',
  score: 'score',
  reserve: 'reserve',
  permit: 'permit',
  preBind: 'preBind',
  bind: 'bind',
  postBind: 'postBind',
};

export type { Status, Verdict };
