import type { NodeAffinity } from '@coracle/api/types/core/v1';
import { z } from 'zod';
import type { PluginArgs } from './plugin-args.ts';
import { defaultPluginArgs } from './plugin-args.ts';

/** Every document of arguments may name its own version and kind. */
const typeMeta = (plugin: string) => ({
  apiVersion: z.literal('kubescheduler.config.k8s.io/v1').optional(),
  kind: z.literal(`${plugin}Args`).optional(),
});

const defaults = defaultPluginArgs();

const resources = z
  .array(z.strictObject({ name: z.string(), weight: z.number().int().min(1).max(100).default(1) }))
  .min(1)
  .refine((list) => new Set(list.map((each) => each.name)).size === list.length, 'resources must be unique');

const requirement = z.strictObject({
  key: z.string(),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']),
  values: z.array(z.string()).optional(),
});

const term = z.strictObject({
  matchExpressions: z.array(requirement).optional(),
  matchFields: z.array(requirement).optional(),
});

const addedAffinity: z.ZodType<NodeAffinity> = z.strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z.strictObject({ nodeSelectorTerms: z.array(term) }).optional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.strictObject({ weight: z.number().int().min(1).max(100), preference: term }))
    .optional(),
});

const shape = z
  .array(z.strictObject({ utilization: z.number().int().min(0).max(100), score: z.number().int().min(0).max(10) }))
  .min(1)
  .refine(
    (points) => points.every((each, i) => i === 0 || each.utilization > points[i - 1]!.utilization),
    'utilization values must be sorted in increasing order',
  );

const scoringStrategy = z
  .strictObject({
    type: z.enum(['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio']).default('LeastAllocated'),
    resources: resources.default([...defaults.NodeResourcesFit.scoringStrategy.resources]),
    requestedToCapacityRatio: z.strictObject({ shape }).optional(),
  })
  .refine(
    (it) => it.type !== 'RequestedToCapacityRatio' || it.requestedToCapacityRatio !== undefined,
    'requestedToCapacityRatio.shape: Required value: at least one point must be specified',
  );

const constraint = z.strictObject({
  maxSkew: z.number().int().min(1),
  topologyKey: z.string().min(1),
  whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
  minDomains: z.number().int().min(1).optional(),
  nodeAffinityPolicy: z.enum(['Honor', 'Ignore']).optional(),
  nodeTaintsPolicy: z.enum(['Honor', 'Ignore']).optional(),
});

/** The shape of each plugin's `args`; all fields have upstream's defaults. */
export const pluginArgsSchemas: { [P in keyof PluginArgs]: z.ZodType<PluginArgs[P]> } = {
  DefaultPreemption: z
    .strictObject({
      ...typeMeta('DefaultPreemption'),
      minCandidateNodesPercentage: z.number().int().min(0).max(100).default(10),
      minCandidateNodesAbsolute: z.number().int().min(0).default(100),
    })
    .refine(
      (it) => it.minCandidateNodesPercentage > 0 || it.minCandidateNodesAbsolute > 0,
      'minCandidateNodesPercentage, minCandidateNodesAbsolute: Invalid value: cannot both be zero',
    ),
  InterPodAffinity: z.strictObject({
    ...typeMeta('InterPodAffinity'),
    hardPodAffinityWeight: z.number().int().min(0).max(100).default(1),
    ignorePreferredTermsOfExistingPods: z.boolean().default(false),
  }),
  NodeAffinity: z.strictObject({ ...typeMeta('NodeAffinity'), addedAffinity: addedAffinity.optional() }),
  NodeResourcesBalancedAllocation: z.strictObject({
    ...typeMeta('NodeResourcesBalancedAllocation'),
    resources: resources.default([...defaults.NodeResourcesBalancedAllocation.resources]),
  }),
  NodeResourcesFit: z.strictObject({
    ...typeMeta('NodeResourcesFit'),
    ignoredResources: z.array(z.string()).default([]),
    ignoredResourceGroups: z
      .array(z.string().refine((group) => !group.includes('/'), "resource group name can't contain '/'"))
      .default([]),
    scoringStrategy: scoringStrategy.default(defaults.NodeResourcesFit.scoringStrategy as never),
  }),
  PodTopologySpread: z
    .strictObject({
      ...typeMeta('PodTopologySpread'),
      defaultConstraints: z.array(constraint).default([]),
      defaultingType: z.enum(['System', 'List']).default('System'),
    })
    .refine(
      (it) => it.defaultingType === 'List' || it.defaultConstraints.length === 0,
      'defaultingType: Invalid value: "System": when .defaultConstraints are not empty',
    ),
};
