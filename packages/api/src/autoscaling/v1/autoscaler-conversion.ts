import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '../../generated/autoscaling/v1.ts';
import type {
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscaler as HorizontalPodAutoscalerV2,
  MetricSpec as MetricSpecV2,
} from '../../generated/autoscaling/v2.ts';
import type { ObjectMeta } from '../../generated/meta/v1.ts';
import { readBehavior, writeBehavior } from './behavior-annotation.ts';
import { currentToV1, currentToV2, metricToV1, metricToV2 } from './metric-conversion.ts';

/** Where the older form keeps what it has no fields for: of the spec, and of the status. */
const annotations = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
} as const;

const specAnnotations = [annotations.metrics, annotations.behavior];
const statusAnnotations = [annotations.currentMetrics, annotations.conditions];

/** An autoscaler of the older form in the newer, in which all are stored. Annotations that are not JSON are dropped, as upstream drops them. */
export function toV2({ metadata, spec, status, ...rest }: HorizontalPodAutoscaler): HorizontalPodAutoscalerV2 {
  const kept = <T>(name: string): T | undefined => parsed<T>(metadata.annotations?.[name]);
  const { targetCPUUtilizationPercentage: utilization, ...same } = spec ?? {};
  const metrics: MetricSpecV2[] = (kept<MetricSpec[]>(annotations.metrics) ?? []).map(metricToV2);
  if (utilization !== undefined) metrics.unshift(cpuAt(utilization));
  const behavior = readBehavior(kept(annotations.behavior));
  const out = {
    ...rest,
    metadata: withAnnotations(metadata, {}),
    spec: { ...same, ...(metrics.length > 0 ? { metrics } : {}), ...(behavior ? { behavior } : {}) },
  } as HorizontalPodAutoscalerV2;
  const current = kept<MetricStatus[]>(annotations.currentMetrics)?.map(currentToV2);
  const conditions = kept<HorizontalPodAutoscalerCondition[]>(annotations.conditions);
  if (!status && !current && !conditions) return out;
  const { currentCPUUtilizationPercentage: cpu, ...counts } = status ?? { desiredReplicas: 0 };
  const currentMetrics =
    current ??
    (cpu === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }]);
  out.status = {
    ...counts,
    ...(currentMetrics ? { currentMetrics } : {}),
    ...(conditions ? { conditions } : {}),
  };
  return out;
}

/** The inverse of `toV2`. */
export function toV1({ metadata, spec, status, ...rest }: HorizontalPodAutoscalerV2): HorizontalPodAutoscaler {
  const { metrics = [], behavior, ...same } = spec ?? {};
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu).map(metricToV1);
  const { currentMetrics = [], conditions = [], currentReplicas = 0, ...counts } = status ?? {};
  const currentCpu = currentMetrics.find(
    ({ resource }) => resource?.name === 'cpu' && resource.current.averageUtilization !== undefined,
  )?.resource?.current.averageUtilization;
  const utilization = cpu?.resource?.target.averageUtilization;
  return {
    ...rest,
    metadata: withAnnotations(metadata, {
      ...(others.length > 0 ? { [annotations.metrics]: JSON.stringify(others) } : {}),
      ...(behavior ? { [annotations.behavior]: writeBehavior(behavior) } : {}),
      ...(currentMetrics.length > 0
        ? { [annotations.currentMetrics]: JSON.stringify(currentMetrics.map(currentToV1)) }
        : {}),
      ...(conditions.length > 0 ? { [annotations.conditions]: JSON.stringify(conditions) } : {}),
    }),
    spec: { ...same, ...(utilization === undefined ? {} : { targetCPUUtilizationPercentage: utilization }) },
    ...(status
      ? {
          status: {
            currentReplicas,
            ...counts,
            ...(currentCpu === undefined ? {} : { currentCPUUtilizationPercentage: currentCpu }),
          },
        }
      : {}),
  } as HorizontalPodAutoscaler;
}

/**
 * Gives a changed autoscaler of the older form back the annotations that are not the writer's to change, in place: those of the status when
 * the object is written, those of the spec when the status is.
 */
export function keepAnnotations(
  it: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler | undefined,
  subresource: string,
): void {
  const kept: Record<string, string> = { ...it.metadata.annotations };
  for (const name of subresource === 'status' ? specAnnotations : statusAnnotations) {
    const before = old?.metadata.annotations?.[name];
    if (before === undefined) delete kept[name];
    else kept[name] = before;
  }
  if (Object.keys(kept).length > 0) it.metadata.annotations = kept;
  else delete it.metadata.annotations;
}

const cpuAt = (averageUtilization: number): MetricSpecV2 => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

function isCpuUtilization({ type, resource }: MetricSpecV2): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;
}

/** The metadata with these annotations in place of those of the conversion. */
function withAnnotations(metadata: ObjectMeta, added: Record<string, string>): ObjectMeta {
  const { annotations: before = {}, ...rest } = metadata;
  const ours: readonly string[] = Object.values(annotations);
  const others = Object.entries(before).filter(([name]) => !ours.includes(name));
  const all = { ...Object.fromEntries(others), ...added };
  return Object.keys(all).length > 0 ? { ...rest, annotations: all } : rest;
}

function parsed<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return (JSON.parse(text) as T | null) ?? undefined;
  } catch {
    return undefined;
  }
}
