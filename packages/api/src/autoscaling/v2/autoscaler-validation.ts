import { nonNegative } from '../../apps/selection.ts';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../../generated/autoscaling/v2.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isPathSegmentName } from '../../meta/names.ts';
import { Quantity } from '../../meta/quantity.ts';

/** Longest time that recommendations are looked back on, and that a policy counts over. Seconds. */
const maxStabilization = 3600;
const maxPeriod = 1800;

/** The field of a metric that its type names, in the order they are looked at. */
const sources = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const;

/** Errors of an autoscaler; `old` is what it was, in updates. */
export function validateAutoscaler(
  { spec }: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler | undefined,
  base: Path,
): FieldError[] {
  const at = base.child('spec');
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [], behavior } = spec ?? {};
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < 1)
    errors.push(invalid(at.child('minReplicas'), minReplicas, 'must be greater than or equal to 1'));
  if (maxReplicas < 1) errors.push(invalid(at.child('maxReplicas'), maxReplicas, 'must be greater than 0'));
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    errors.push(invalid(at.child('maxReplicas'), maxReplicas, 'must be greater than or equal to `minReplicas`'));
  return [
    ...errors,
    ...validateReference(scaleTargetRef, at.child('scaleTargetRef')),
    ...validateTargetVersion(scaleTargetRef, old?.spec?.scaleTargetRef, at.child('scaleTargetRef.apiVersion')),
    ...metrics.flatMap((metric, i) => validateMetric(metric, at.child('metrics').index(i))),
    ...(['scaleUp', 'scaleDown'] as const).flatMap((way) =>
      validateRules(behavior?.[way], at.child('behavior').child(way)),
    ),
  ];
}

/** Errors of a reported status. */
export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler, at: Path): FieldError[] {
  return (['currentReplicas', 'desiredReplicas'] as const).flatMap((field) =>
    nonNegative(status?.[field], at.child('status').child(field)),
  );
}

function validateReference(reference: CrossVersionObjectReference | undefined, at: Path): FieldError[] {
  return (['kind', 'name'] as const).flatMap((field) => {
    const value = reference?.[field];
    return value ? malformed(at.child(field), value, isPathSegmentName) : [required(at.child(field))];
  });
}

/** Errors of the version of what is scaled, where it is another than before: of the core group only one kind scales. */
function validateTargetVersion(
  it: CrossVersionObjectReference | undefined,
  old: CrossVersionObjectReference | undefined,
  at: Path,
): FieldError[] {
  const { apiVersion = '', kind } = it ?? {};
  if (old && (old.apiVersion ?? '') === apiVersion && old.kind === kind) return [];
  const isGrouped = /^[^/]+\//.test(apiVersion) || kind === 'ReplicationController';
  const errors = validateVersion(apiVersion, at);
  return errors.length > 0 || isGrouped ? errors : [invalid(at, apiVersion, 'apiVersion must specify API group')];
}

function validateVersion(apiVersion: string, at: Path): FieldError[] {
  return apiVersion.split('/').length > 2
    ? [invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]
    : [];
}

function validateMetric(metric: MetricSpec, at: Path): FieldError[] {
  const { type } = metric;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(at.child('type'), 'must specify a metric source type'));
  if (!Object.hasOwn(sources, type ?? ''))
    errors.push(notSupported(at.child('type'), type ?? '', Object.keys(sources).sort()));
  const present = Object.values(sources).filter((source) => metric[source]);
  const [first] = present;
  if (first) append(errors, validateSource(metric, first, at.child(first)));
  const wanted = Object.hasOwn(sources, type ?? '') ? sources[type as keyof typeof sources] : undefined;
  if (wanted && !metric[wanted])
    errors.push(required(at.child(wanted), 'must populate information for the given metric source'));
  if (present.length !== 1) {
    for (const source of present.filter((each) => each !== wanted))
      errors.push(forbidden(at.child(source), 'must populate the given metric source only'));
  }
  return errors;
}

function validateSource(metric: MetricSpec, source: (typeof sources)[keyof typeof sources], at: Path): FieldError[] {
  const target = metric[source]?.target;
  const path = at.child('target');
  const errors: FieldError[] = [];
  if (source === 'object') {
    const { describedObject: described } = metric.object ?? {};
    const where = at.child('describedObject');
    append(errors, validateReference(described, where));
    append(errors, validateVersion(described?.apiVersion ?? '', where.child('apiVersion')));
  }
  if (source === 'object' || source === 'pods' || source === 'external')
    append(errors, validateIdentifier(metric[source]?.metric, at.child('metric')));
  if (source === 'resource' || source === 'containerResource') {
    if (!metric[source]?.name) errors.push(required(at.child('name'), 'must specify a resource name'));
    if (source === 'containerResource' && !metric.containerResource?.container)
      errors.push(required(at.child('container'), 'must specify a container'));
  }
  append(errors, validateTarget(target, path));
  const { value, averageValue, averageUtilization } = target ?? {};
  switch (source) {
    case 'object':
      if (value === undefined && averageValue === undefined)
        errors.push(required(path.child('averageValue'), 'must set either a target value or averageValue'));
      break;
    case 'external':
      if (value === undefined && averageValue === undefined) {
        const detail = 'must set either a target value for metric or a per-pod target';
        errors.push(required(path.child('averageValue'), detail));
      }
      if (value !== undefined && averageValue !== undefined) {
        const detail = 'may not set both a target value for metric and a per-pod target';
        errors.push(forbidden(path.child('value'), detail));
      }
      break;
    case 'pods':
      if (averageValue === undefined || signOf(averageValue) !== 1)
        errors.push(required(path.child('averageValue'), 'must specify a positive target averageValue'));
      break;
    default:
      if (averageUtilization === undefined && averageValue === undefined) {
        const detail = 'must set either a target raw value or a target utilization';
        errors.push(required(path.child('averageUtilization'), detail));
      }
      if (averageUtilization !== undefined && averageValue !== undefined) {
        const detail = 'may not set both a target raw value and a target utilization';
        errors.push(forbidden(path.child('averageValue'), detail));
      }
  }
  return errors;
}

function validateIdentifier(metric: MetricIdentifier | undefined, at: Path): FieldError[] {
  return metric?.name
    ? malformed(at.child('name'), metric.name, isPathSegmentName)
    : [required(at.child('name'), 'must specify a metric name')];
}

function validateTarget(target: MetricTarget | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const type = target?.type;
  if (!type) errors.push(required(at.child('type'), 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type ?? ''))
    errors.push(invalid(at.child('type'), type ?? '', 'must be either Utilization, Value, or AverageValue'));
  for (const field of ['value', 'averageValue'] as const) {
    const amount = target?.[field];
    if (amount !== undefined && signOf(amount) !== 1) errors.push(invalid(at.child(field), amount, 'must be positive'));
  }
  const utilization = target?.averageUtilization;
  if (utilization !== undefined && utilization < 1)
    errors.push(invalid(at.child('averageUtilization'), utilization, 'must be greater than 0'));
  return errors;
}

function validateRules(rules: HPAScalingRules | undefined, at: Path): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  const path = at.child('stabilizationWindowSeconds');
  if (window !== undefined && window < 0) errors.push(invalid(path, window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > maxStabilization)
    errors.push(invalid(path, window, `must be less than or equal to ${maxStabilization}`));
  const selections = ['Disabled', 'Max', 'Min'];
  if (selectPolicy !== undefined && !selections.includes(selectPolicy))
    errors.push(notSupported(at.child('selectPolicy'), selectPolicy, selections));
  if (policies.length === 0) errors.push(required(at.child('policies'), 'must specify at least one Policy'));
  append(
    errors,
    policies.flatMap((policy, i) => validatePolicy(policy, at.child('policies').index(i))),
  );
  if (tolerance !== undefined && signOf(tolerance) < 0)
    errors.push(invalid(at.child('tolerance'), tolerance, 'must be greater than or equal to zero'));
  return errors;
}

function validatePolicy({ type, value, periodSeconds }: HPAScalingPolicy, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!['Percent', 'Pods'].includes(type ?? ''))
    errors.push(notSupported(at.child('type'), type ?? '', ['Percent', 'Pods']));
  for (const [field, number] of [
    ['value', value],
    ['periodSeconds', periodSeconds],
  ] as const) {
    if ((number ?? 0) <= 0) errors.push(invalid(at.child(field), number ?? 0, 'must be greater than zero'));
  }
  if (periodSeconds > maxPeriod)
    errors.push(invalid(at.child('periodSeconds'), periodSeconds, `must be less than or equal to ${maxPeriod}`));
  return errors;
}

function signOf(amount: string): number {
  return Quantity.parse(amount).sign();
}
