import { formatLabelSelector } from '@coracle/api/meta/labels';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import { Description } from './description.ts';

export function describeDisruptionBudget({ metadata, spec, status }: PodDisruptionBudget): Description {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  if (spec.minAvailable !== undefined) out.line(0, `Min available:\t${spec.minAvailable}`);
  else if (spec.maxUnavailable !== undefined) out.line(0, `Max unavailable:\t${spec.maxUnavailable}`);
  out.line(0, `Selector:\t${spec.selector ? formatLabelSelector(spec.selector) : '<unset>'}`);
  out.line(0, 'Status:');
  out.line(2, `Allowed disruptions:\t${status?.disruptionsAllowed ?? 0}`);
  out.line(2, `Current:\t${status?.currentHealthy ?? 0}`);
  out.line(2, `Desired:\t${status?.desiredHealthy ?? 0}`);
  out.line(2, `Total:\t${status?.expectedPods ?? 0}`);
  return out;
}
