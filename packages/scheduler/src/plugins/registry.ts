import type { PluginArgs } from '../config/plugin-args.ts';
import type { Handle } from '../framework/handle.ts';
import type { Plugin } from '../framework/plugin.ts';
import { defaultBinder } from './default-binder.ts';
import type { PreemptionMetrics } from './default-preemption.ts';
import { defaultPreemption } from './default-preemption.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { prioritySort } from './priority-sort.ts';
import { schedulingGates } from './scheduling-gates.ts';
import { taintToleration } from './taint-toleration.ts';

export type MakePlugin = (args: PluginArgs, handle: Handle, metrics: PreemptionMetrics) => Plugin;

/** All plugins there are, by the names configurations use. A new one is a file and a line here. */
export const registry: Readonly<Record<string, MakePlugin>> = {
  SchedulingGates: () => schedulingGates(),
  PrioritySort: () => prioritySort(),
  NodeUnschedulable: () => nodeUnschedulable(),
  NodeName: () => nodeName(),
  TaintToleration: () => taintToleration(),
  NodeAffinity: (args) => nodeAffinity(args.NodeAffinity),
  NodePorts: () => nodePorts(),
  NodeResourcesFit: (args) => nodeResourcesFit(args.NodeResourcesFit),
  PodTopologySpread: (args, handle) => podTopologySpread(args.PodTopologySpread, handle),
  InterPodAffinity: (args, handle) => interPodAffinity(args.InterPodAffinity, handle),
  DefaultPreemption: (args, handle, metrics) => defaultPreemption(args.DefaultPreemption, handle, metrics),
  NodeResourcesBalancedAllocation: (args) => nodeResourcesBalancedAllocation(args.NodeResourcesBalancedAllocation),
  ImageLocality: (_, handle) => imageLocality(handle),
  DefaultBinder: (_, handle) => defaultBinder(handle),
};
