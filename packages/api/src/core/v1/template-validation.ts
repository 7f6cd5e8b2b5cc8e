import type { PodTemplateSpec } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, notSupported, type Path } from '../../meta/field-path.ts';
import { validateAnnotations } from '../../meta/validate-metadata.ts';
import { validateLabels } from '../../meta/validate-selector.ts';
import { validatePodAnnotations } from './pod-annotations.ts';
import { validatePodSpec } from './pod-validation.ts';

/** Errors of a workload's pod template. */
export function validateTemplate(template: PodTemplateSpec, at: Path): FieldError[] {
  const spec = template.spec ?? { containers: [] };
  const metadata = template.metadata ?? {};
  const errors = [
    ...validateLabels(metadata.labels, at.child('labels')),
    ...validateAnnotations(metadata.annotations, at.child('annotations')),
    ...validatePodAnnotations({ metadata, spec }, at.child('annotations')),
    ...validatePodSpec(spec, at.child('spec')),
  ];
  if (spec.ephemeralContainers?.length)
    errors.push(forbidden(at.child('spec.ephemeralContainers'), 'ephemeral containers not allowed in pod template'));
  return errors;
}

/** Errors of the template of a workload whose pods run until they are deleted; `workload` is its kind, as the error names it. */
export function validateSteadyTemplate(template: PodTemplateSpec, at: Path, workload: string): FieldError[] {
  const errors = validateTemplate(template, at);
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always') errors.push(notSupported(at.child('spec.restartPolicy'), restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(at.child('spec.activeDeadlineSeconds'), `activeDeadlineSeconds in ${workload} is not Supported`),
    );
  }
  return errors;
}
