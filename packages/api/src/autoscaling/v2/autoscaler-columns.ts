import { age, countAsText, text } from '../../columns.ts';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../generated/autoscaling/v2.ts';
import type { Column } from '../../kind.ts';

/** How many metrics are shown before the rest is only counted. */
const shownMetrics = 2;

/** What an autoscaler's table shows. */
export const autoscalerColumns: readonly Column<HorizontalPodAutoscaler>[] = [
  text('Reference', ({ spec: { scaleTargetRef: to } }) => `${to.kind}/${to.name}`, 'What it scales.'),
  text('Targets', targets, 'Each metric as it is, and as it should be.'),
  text(
    'MinPods',
    ({ spec }) => (spec.minReplicas === undefined ? '<unset>' : String(spec.minReplicas)),
    'Fewest pods.',
  ),
  countAsText('MaxPods', ({ spec }) => spec.maxReplicas, 'Most pods.'),
  countAsText('Replicas', ({ status }) => status?.currentReplicas, 'Pods there are.'),
  age,
];

function targets({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const shown = metrics.slice(0, shownMetrics).map((metric, i) => shownMetric(metric, status?.currentMetrics?.[i]));
  const more = metrics.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` + ${more} more...` : '');
}

function shownMetric(metric: MetricSpec, current: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'Resource':
      return `${metric.resource?.name}: ${ratio(metric.resource?.target, current?.resource?.current)}`;
    case 'ContainerResource':
      return `${metric.containerResource?.name}: ${ratio(metric.containerResource?.target, current?.containerResource?.current)}`;
    case 'Pods':
      return ratio(metric.pods?.target, current?.pods?.current);
    case 'Object':
      return perPod(metric.object?.target, current?.object?.current);
    case 'External':
      return perPod(metric.external?.target, current?.external?.current);
    default:
      return '<unknown type>';
  }
}

function ratio(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  const unknown = '<unknown>';
  if (target?.averageUtilization !== undefined) {
    const now = current?.averageUtilization === undefined ? unknown : `${current.averageUtilization}%`;
    return `${now}/${target.averageUtilization}%`;
  }
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue}`;
  return `${current?.value ?? unknown}/${target?.value ?? unknown}`;
}

/** As `ratio`, of metrics that say themselves whether they are of each pod. */
function perPod(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  return target?.averageValue === undefined ? ratio(target, current) : `${ratio(target, current)} (avg)`;
}
