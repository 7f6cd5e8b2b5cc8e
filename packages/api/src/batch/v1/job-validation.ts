import { matching, nonNegative } from '../../apps/selection.ts';
import { validateTemplate } from '../../core/v1/template-validation.ts';
import type { Job, JobSpec, JobTemplateSpec } from '../../generated/batch/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, notSupported, type Path, required, tooLong } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { validateDomainPrefixedPath } from '../../meta/validate-path.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts';
import { validateGeneratedSelector } from './job-selector.ts';

const maxIndexedParallelism = 100_000;
const maxFailedIndexes = 100_000;
/** Above so many completions, jobs with a limit for each index are held to less, for the size of their status. */
const manyCompletions = 100_000;
const limitForMany = 10_000;
const maxManagerLength = 63;

/** Errors of a job. */
export function validateJob(job: Job, at: Path): FieldError[] {
  const path = at.child('spec');
  const { spec } = job;
  if (!spec) return [required(path)];
  const errors = validateSpec(spec, path);
  if (!spec.selector) return [...errors, required(path.child('selector')), ...matching(undefined, spec.template, path)];
  const wrong = validateLabelSelector(spec.selector, path.child('selector'));
  return [...errors, ...wrong, ...(wrong.length === 0 ? matching(spec.selector, spec.template, path) : [])];
}

/** Errors only a new job has: its generated selector, and names of pods that are none. */
export function validateNewJob(job: Job, at: Path): FieldError[] {
  const errors = validateGeneratedSelector(job, at);
  const { completionMode, completions = 0 } = job.spec ?? {};
  if (completionMode === 'Indexed' && completions > 0) {
    const hostname = `${job.metadata.name}-${completions - 1}`;
    if (isDns1123Label(hostname).length > 0) {
      const detail = `will not able to create pod with invalid DNS label: ${hostname}`;
      errors.push(invalid(at.child('metadata.name'), job.metadata.name, detail));
    }
  }
  return errors;
}

/** Errors of a template of jobs, whose selector is always generated. */
export function validateJobTemplate(template: JobTemplateSpec | undefined, at: Path): FieldError[] {
  const path = at.child('spec');
  if (!template?.spec) return [required(path)];
  const { selector, manualSelector } = template.spec;
  return [
    ...validateSpec(template.spec, path),
    ...(selector ? [invalid(path.child('selector'), selector, '`selector` will be auto-generated')] : []),
    ...(manualSelector ? [notSupported(path.child('manualSelector'), true, ['nil', 'false'])] : []),
  ];
}

function validateSpec(spec: JobSpec, at: Path): FieldError[] {
  const { completionMode: mode = 'NonIndexed', podFailurePolicy, successPolicy, managedBy } = spec;
  const errors: FieldError[] = [];
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    append(errors, nonNegative(spec[field], at.child(field)));
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  if (managedBy !== undefined) {
    append(errors, validateDomainPrefixedPath(managedBy, at.child('managedBy')));
    if (managedBy.length > maxManagerLength) errors.push(tooLong(at.child('managedBy'), maxManagerLength));
  }
  if (mode !== 'NonIndexed' && mode !== 'Indexed')
    errors.push(notSupported(at.child('completionMode'), mode, ['NonIndexed', 'Indexed']));
  if (mode === 'Indexed') append(errors, validateIndexed(spec, at));
  if (mode === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[field] !== undefined)
        errors.push(invalid(at.child(field), spec[field], 'requires indexed completion mode'));
    }
  }
  if (podFailurePolicy) append(errors, validateFailurePolicy(podFailurePolicy, spec, at.child('podFailurePolicy')));
  if (successPolicy) {
    const path = at.child('successPolicy');
    if (mode === 'Indexed') append(errors, validateSuccessPolicy(spec, path));
    else
      errors.push(invalid(path, goForm('batch/v1.SuccessPolicy', successPolicy), 'requires indexed completion mode'));
  }
  const replacements = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  if (spec.podReplacementPolicy !== undefined && !replacements.includes(spec.podReplacementPolicy))
    errors.push(notSupported(at.child('podReplacementPolicy'), spec.podReplacementPolicy, replacements));
  return [...errors, ...validatePods(spec, at)];
}

/** Errors of an indexed job's numbers. */
function validateIndexed({ completions, parallelism, maxFailedIndexes: failed, ...spec }: JobSpec, at: Path) {
  if (completions === undefined) return [required(at.child('completions'), 'when completion mode is Indexed')];
  const errors: FieldError[] = [];
  const limit = (field: string, value: number | undefined, max: number, detail: string) => {
    if (value !== undefined && value > max) errors.push(invalid(at.child(field), value, detail));
  };
  const indexed = `must be less than or equal to ${maxIndexedParallelism} when completion mode is Indexed`;
  limit('parallelism', parallelism, maxIndexedParallelism, indexed);
  limit('maxFailedIndexes', failed, completions, 'must be less than or equal to completions');
  limit('maxFailedIndexes', failed, maxFailedIndexes, `must be less than or equal to ${maxFailedIndexes}`);
  if (completions > manyCompletions && spec.backoffLimitPerIndex !== undefined) {
    if (failed === undefined) {
      errors.push(
        required(at.child('maxFailedIndexes'), `must be specified when completions is above ${manyCompletions}`),
      );
    }
    const many = `must be less than or equal to ${limitForMany} when completions are above ${manyCompletions} and used with backoff limit per index`;
    limit('parallelism', parallelism, limitForMany, many);
    limit('maxFailedIndexes', failed, limitForMany, many);
  }
  return errors;
}

function validatePods({ template, podFailurePolicy }: JobSpec, at: Path): FieldError[] {
  if (!template) return [required(at.child('template'))];
  const errors = validateTemplate(template, at.child('template'));
  const policy = template.spec?.restartPolicy ?? '';
  const path = at.child('template.spec.restartPolicy');
  // Unset, it has become Always: what is asked for is one of those that let a pod end.
  if (policy === '' || policy === 'Always') errors.push(required(path, 'valid values: "OnFailure", "Never"'));
  else if (policy !== 'OnFailure' && policy !== 'Never')
    errors.push(notSupported(path, policy, ['OnFailure', 'Never']));
  else if (podFailurePolicy && policy !== 'Never')
    errors.push(invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified'));
  return errors;
}
