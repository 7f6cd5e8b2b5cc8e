import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../generated/autoscaling/v2.ts';

/**
 * Behavior as the annotation of the older form has it: in the field names of upstream's own type, which start with capitals, with nulls
 * for what is unset.
 */
export function writeBehavior({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): string {
  return JSON.stringify({ ScaleUp: capitalized(scaleUp), ScaleDown: capitalized(scaleDown) });
}

function capitalized(rules: HPAScalingRules | undefined): unknown {
  if (!rules) return null;
  const { stabilizationWindowSeconds = null, selectPolicy = null, policies, tolerance = null } = rules;
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds,
    SelectPolicy: selectPolicy,
    Policies:
      policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ??
      null,
    Tolerance: tolerance,
  };
}

/** Reads what `writeBehavior` wrote, or a user did; names may start in either case. */
export function readBehavior(value: unknown): HorizontalPodAutoscalerBehavior | undefined {
  return uncapitalized(value) as HorizontalPodAutoscalerBehavior | undefined;
}

function uncapitalized(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(uncapitalized);
  if (typeof value !== 'object') return value;
  const out: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    const known = uncapitalized(each);
    if (known !== undefined) out[key.charAt(0).toLowerCase() + key.slice(1)] = known;
  }
  return out;
}
