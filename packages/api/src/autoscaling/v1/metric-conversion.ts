import type { MetricSpec, MetricStatus } from '../../generated/autoscaling/v1.ts';
import type {
  MetricSpec as MetricSpecV2,
  MetricStatus as MetricStatusV2,
  MetricTarget,
} from '../../generated/autoscaling/v2.ts';

/** Quantities that the older form cannot leave out. */
const zero = '0';

/** A metric in the older form, which is flat. */
export function metricToV1({ type, object, pods, resource, containerResource, external }: MetricSpecV2): MetricSpec {
  return compact({
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      targetValue: object.target.value ?? zero,
      selector: object.metric.selector,
      averageValue: object.target.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      targetAverageValue: pods.target.averageValue ?? zero,
      selector: pods.metric.selector,
    },
    resource: resource && { name: resource.name, ...ofResource(resource.target) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...ofResource(containerResource.target),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    },
  });
}

/** The inverse of `metricToV1`. */
export function metricToV2({ type, object, pods, resource, containerResource, external }: MetricSpec): MetricSpecV2 {
  return compact({
    type,
    object: object && {
      describedObject: object.target,
      target: targetOf(
        object.averageValue === undefined ? object.targetValue : unlessZero(object.targetValue),
        object.averageValue,
      ),
      metric: { name: object.metricName, selector: object.selector },
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue },
    },
    resource: resource && { name: resource.name, target: toResource(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      target: toResource(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      target: targetOf(external.targetValue, external.targetAverageValue),
    },
  });
}

/** What a metric is now, in the older form. */
export function currentToV1(it: MetricStatusV2): MetricStatus {
  const { type, object, pods, resource, containerResource, external } = it;
  return compact({
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      currentValue: object.current.value ?? zero,
      selector: object.metric.selector,
      averageValue: object.current.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      currentAverageValue: pods.current.averageValue ?? zero,
      selector: pods.metric.selector,
    },
    resource: resource && { name: resource.name, ...nowOfResource(resource.current) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...nowOfResource(containerResource.current),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      currentValue: external.current.value ?? zero,
      currentAverageValue: external.current.averageValue,
    },
  });
}

/** The inverse of `currentToV1`. */
export function currentToV2(it: MetricStatus): MetricStatusV2 {
  const { type, object, pods, resource, containerResource, external } = it;
  return compact({
    type,
    object: object && {
      metric: { name: object.metricName, selector: object.selector },
      current: { value: object.currentValue, averageValue: object.averageValue },
      describedObject: object.target,
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      current: { averageValue: pods.currentAverageValue },
    },
    resource: resource && { name: resource.name, current: nowToResource(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      current: nowToResource(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      current: { value: external.currentValue, averageValue: external.currentAverageValue },
    },
  });
}

const unlessZero = (amount: string) => (amount === zero ? undefined : amount);

function targetOf(value: string | undefined, averageValue: string | undefined): MetricTarget {
  return compact({ type: averageValue === undefined ? 'Value' : 'AverageValue', value, averageValue });
}

const ofResource = ({ averageUtilization, averageValue }: MetricTarget) => ({
  targetAverageUtilization: averageUtilization,
  targetAverageValue: averageValue,
});

const toResource = (it: { targetAverageUtilization?: number; targetAverageValue?: string }): MetricTarget =>
  compact({
    type: it.targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
    averageValue: it.targetAverageValue,
    averageUtilization: it.targetAverageUtilization,
  });

const nowOfResource = (it: { averageUtilization?: number; averageValue?: string }) => ({
  currentAverageUtilization: it.averageUtilization,
  currentAverageValue: it.averageValue ?? zero,
});

const nowToResource = (it: { currentAverageUtilization?: number; currentAverageValue: string }) => ({
  averageValue: it.currentAverageValue,
  averageUtilization: it.currentAverageUtilization,
});

/** The same without what is undefined, at any depth. */
function compact<T>(it: unknown): T {
  return JSON.parse(JSON.stringify(it)) as T;
}
