import type { PodTemplateSpec } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, type Path } from '../../meta/field-path.ts';
import { validateLabels } from '../../meta/validate-selector.ts';
import { validateAnnotations } from '../../validate.ts';
import { validatePodSpec } from './pod-validation.ts';

/** Errors of a workload's pod template; `restartPolicies` are those the workload allows. */
export function validateTemplate(
  template: PodTemplateSpec,
  at: Path,
  restartPolicies: readonly string[],
): FieldError[] {
  const errors = [
    ...validateLabels(template.metadata?.labels, at.child('labels')),
    ...validateAnnotations(template.metadata?.annotations, at.child('annotations')),
    ...validatePodSpec(template.spec ?? { containers: [] }, at.child('spec'), restartPolicies),
  ];
  if (template.spec?.ephemeralContainers?.length)
    errors.push(forbidden(at.child('spec.ephemeralContainers'), 'ephemeral containers not allowed in pod template'));
  return errors;
}

/** Errors of the template of a workload whose pods run until they are deleted; `workload` is its kind, as the error names it. */
export function validateSteadyTemplate(template: PodTemplateSpec, at: Path, workload: string): FieldError[] {
  const errors = validateTemplate(template, at, ['Always']);
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(at.child('spec.activeDeadlineSeconds'), `activeDeadlineSeconds in ${workload} is not Supported`),
    );
  }
  return errors;
}
