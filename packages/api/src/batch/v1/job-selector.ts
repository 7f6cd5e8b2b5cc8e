import type { Job } from '../../generated/batch/v1.ts';
import { type FieldError, invalid, type Path, required } from '../../meta/field-path.ts';
import { selectorFrom } from '../../meta/labels.ts';

/** The labels that tell a job's pods from all others, with and without the prefix that came later. */
const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';
const legacyUidLabel = 'controller-uid';
const legacyNameLabel = 'job-name';

const expected = ({ metadata: { name = '', uid = '' } }: Job): Record<string, string> => ({
  [legacyUidLabel]: uid,
  [legacyNameLabel]: name,
  [uidLabel]: uid,
  [nameLabel]: name,
});

/**
 * Gives a new job the selector and its template the labels that no other job's pods have, in place, unless the user has their own
 * (https://kubernetes.io/docs/concepts/workloads/controllers/job/#specifying-your-own-pod-selector). What is there stays, for validation
 * to refuse.
 */
export function generateSelector(job: Job): void {
  const { spec } = job;
  if (!spec?.template || spec.manualSelector) return;
  spec.template.metadata = {
    ...spec.template.metadata,
    labels: { ...expected(job), ...spec.template.metadata?.labels },
  };
  spec.selector = {
    ...spec.selector,
    matchLabels: { [uidLabel]: job.metadata.uid ?? '', ...spec.selector?.matchLabels },
  };
}

/** Errors of a new job's labels and selector where they should be the generated ones. */
export function validateGeneratedSelector(job: Job, at: Path): FieldError[] {
  const { spec, metadata } = job;
  if (!spec || spec.manualSelector || !spec.selector) return [];
  const errors: FieldError[] = metadata.uid ? [] : [required(at.child('metadata.uid'))];
  const labels = spec.template?.metadata?.labels ?? {};
  const wanted = expected(job);
  for (const [key, value] of Object.entries(wanted)) {
    const path = at.child('spec.template.metadata.labels').key(key);
    if (labels[key] === undefined) errors.push(required(path, `must be '${value}'`));
    if (labels[key] !== value) errors.push(invalid(path, labels, `must be '${value}'`));
  }
  if (!selects(spec.selector, wanted))
    errors.push(invalid(at.child('spec.selector'), spec.selector, '`selector` not auto-generated'));
  return errors;
}

/** Whether a selector matches; one that is malformed has errors of its own. */
function selects(selector: NonNullable<Job['spec']['selector']>, labels: Record<string, string>): boolean {
  try {
    return selectorFrom(selector).matches(labels);
  } catch {
    return true;
  }
}
