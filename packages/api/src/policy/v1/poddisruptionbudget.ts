import { countOrPercent, nonNegative } from '../../apps/selection.ts';
import { age, count, text } from '../../columns.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../../generated/policy/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, notSupported, type Path } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isPathSegmentName } from '../../meta/names.ts';
import { validateConditions } from '../../meta/validate-conditions.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';

/** How many of a set of pods evictions must leave, or may take away at once. */
export const podDisruptionBudget = defineKind<PodDisruptionBudget>('policy/v1', {
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  namespaced: true,
  name: isPathSegmentName,
  // Evictions count on nobody writing over a status they did not see.
  allowUnconditionalUpdate: false,
  subresources: { status: true },
  defaults(it) {
    it.spec ??= {};
    const { status } = it;
    if (!status) return;
    status.disruptionsAllowed ??= 0;
    status.currentHealthy ??= 0;
    status.desiredHealthy ??= 0;
    status.expectedPods ??= 0;
  },
  prepareForCreate(it) {
    it.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validate: (it, at) => validateSpec(it.spec, at.child('spec')),
  validateStatusUpdate(it, _old, at) {
    const { conditions, ...status } = it.status ?? {};
    const path = at.child('status');
    return [
      ...validateConditions(conditions, path.child('conditions')),
      ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((field) =>
        nonNegative(status[field], path.child(field)),
      ),
    ];
  },
  columns: [
    text('Min Available', (it) => shown(it.spec.minAvailable), 'Pods that evictions must leave.'),
    text('Max Unavailable', (it) => shown(it.spec.maxUnavailable), 'Pods that may be unavailable after an eviction.'),
    count('Allowed Disruptions', (it) => it.status?.disruptionsAllowed, 'Pods that may be evicted now.'),
    age,
  ],
});

const shown = (value: number | string | undefined): string => (value === undefined ? 'N/A' : String(value));

function validateSpec(spec: PodDisruptionBudgetSpec, at: Path): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(
      invalid(
        at,
        goForm('policy/v1.PodDisruptionBudgetSpec', spec),
        'minAvailable and maxUnavailable cannot be both set',
      ),
    );
  }
  append(
    errors,
    countOrPercent(minAvailable, at.child('minAvailable'), { max100: true }),
    countOrPercent(maxUnavailable, at.child('maxUnavailable'), { max100: true }),
    validateLabelSelector(selector, at.child('selector')),
  );
  const policies = ['AlwaysAllow', 'IfHealthyBudget'];
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported(at.child('unhealthyPodEvictionPolicy'), policy, policies));
  }
  return errors;
}
