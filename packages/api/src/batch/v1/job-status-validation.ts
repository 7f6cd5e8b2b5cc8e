import { countsOf } from '../../apps/status-validation.ts';
import type { Job, JobStatus, UncountedTerminatedPods } from '../../generated/batch/v1.ts';
import { duplicate, type FieldError, invalid, type Path, required } from '../../meta/field-path.ts';
import { parseTime } from '../../meta/time.ts';
import { intervalsOf, parseIndexes } from './indexes.ts';
import { hasCondition, isFinished } from './job-conditions.ts';

const terminal = ['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget'] as const;

/** Errors of a job's reported status: it does not contradict itself, and what was reached stays reached (KEP-4368). */
export function validateJobStatusUpdate(it: Job, old: Job, at: Path): FieldError[] {
  const path = at.child('status');
  const job: Job = { ...it, spec: old.spec };
  return [
    ...countsOf(job.status ?? {}, ['active', 'succeeded', 'failed', 'ready', 'terminating'], path),
    ...validateUncounted(job.status?.uncountedTerminatedPods, path.child('uncountedTerminatedPods')),
    ...validateEnd(job, path),
    ...validateIndexesOf(job, path),
    ...validateProgress(job, old, path),
  ];
}

function validateUncounted(pods: UncountedTerminatedPods | undefined, at: Path): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((field) =>
    (pods?.[field] ?? []).flatMap((uid, i) => {
      const path = at.child(field).index(i);
      if (uid === '') return [invalid(path, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(path, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/** Errors of what must and must not be there once a job has ended. */
function validateEnd(job: Job, at: Path): FieldError[] {
  const status: JobStatus = job.status ?? {};
  const { startTime, completionTime, active = 0, terminating = 0, ready = 0 } = status;
  const isComplete = hasCondition(job, 'Complete');
  const isFailed = hasCondition(job, 'Failed');
  const errors: FieldError[] = [];
  const conditions = (detail: string) =>
    errors.push({
      type: 'FieldValueInvalid',
      field: at.child('conditions').toString(),
      message: `Invalid value: ${detail}`,
    });
  if (isComplete && isFailed) conditions('cannot set Complete=True and Failed=true conditions');
  if (isComplete && hasCondition(job, 'FailureTarget'))
    conditions('cannot set Complete=True and FailureTarget=true conditions');
  if (isFailed && !hasCondition(job, 'FailureTarget'))
    conditions('cannot set Failed=True condition without the FailureTarget=true condition');
  if (isComplete && !hasCondition(job, 'SuccessCriteriaMet'))
    conditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  if (isFailed && hasCondition(job, 'SuccessCriteriaMet'))
    conditions('cannot set Failed=True and SuccessCriteriaMet=true conditions');
  if (hasCondition(job, 'FailureTarget') && hasCondition(job, 'SuccessCriteriaMet'))
    conditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (isComplete && !completionTime)
    errors.push(required(at.child('completionTime'), 'completionTime is required for Complete jobs'));
  if (!isComplete && completionTime) {
    const detail = 'cannot set completionTime when there is no Complete=True condition';
    errors.push(invalid(at.child('completionTime'), completionTime, detail));
  }
  if (completionTime && startTime && parseTime(completionTime) < parseTime(startTime)) {
    const detail = 'completionTime cannot be set before startTime';
    errors.push(invalid(at.child('completionTime'), completionTime, detail));
  }
  if (isFinished(job)) {
    if (!startTime) errors.push(required(at.child('startTime'), 'startTime is required for finished job'));
    if (active > 0) errors.push(invalid(at.child('active'), active, 'active>0 is invalid for finished job'));
    if (terminating > 0)
      errors.push(invalid(at.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
    const { uncountedTerminatedPods: pods } = status;
    if (pods?.succeeded?.length || pods?.failed?.length) {
      const detail = 'uncountedTerminatedPods needs to be empty for finished job';
      errors.push(invalid(at.child('uncountedTerminatedPods'), pods, detail));
    }
  }
  if (ready > active) errors.push(invalid(at.child('ready'), ready, 'cannot set more ready pods than active'));
  return errors;
}

function validateIndexesOf({ spec, status }: Job, at: Path): FieldError[] {
  const { completedIndexes = '', failedIndexes = '' } = status ?? {};
  const errors: FieldError[] = [];
  if (completedIndexes !== '' && spec.completionMode !== 'Indexed') {
    const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(at.child('completedIndexes'), completedIndexes, detail));
  }
  if (failedIndexes !== '' && spec.backoffLimitPerIndex === undefined) {
    const detail = 'cannot set non-empty failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalid(at.child('failedIndexes'), failedIndexes, detail));
  }
  if (errors.length > 0 || spec.completionMode !== 'Indexed') return errors;
  for (const [field, text] of Object.entries({ completedIndexes, failedIndexes })) {
    const { error } = parseIndexes(text, spec.completions ?? 0);
    if (error !== undefined) errors.push(invalid(at.child(field), text, `error parsing ${field}: ${error}`));
  }
  if (errors.length > 0) return errors;
  // Both are in order, so that what ends before one failed interval ends before the next one too.
  const completed = intervalsOf(completedIndexes);
  let next = 0;
  for (const [first, end] of intervalsOf(failedIndexes)) {
    while (next < completed.length && completed[next]![1] < first) next++;
    const overlap = completed[next];
    if (!overlap || overlap[0] > end) continue;
    const detail = `failedIndexes and completedIndexes overlap at index: ${Math.max(first, overlap[0])}`;
    return [invalid(at.child('failedIndexes'), failedIndexes, detail)];
  }
  return [];
}

/** Errors of taking back what was reported. */
function validateProgress(job: Job, old: Job, at: Path): FieldError[] {
  const now: JobStatus = job.status ?? {};
  const before: JobStatus = old.status ?? {};
  const errors: FieldError[] = [];
  for (const type of terminal) {
    if (hasCondition(old, type) && !hasCondition(job, type)) {
      errors.push({
        type: 'FieldValueInvalid',
        field: at.child('conditions').toString(),
        message: `Invalid value: cannot disable the terminal ${type}=True condition`,
      });
    }
  }
  for (const field of ['succeeded', 'failed'] as const) {
    if ((now[field] ?? 0) < (before[field] ?? 0))
      errors.push(invalid(at.child(field), now[field] ?? 0, `cannot decrease the ${field} counter`));
  }
  if (before.startTime && now.startTime !== before.startTime && old.spec.suspend !== true) {
    errors.push(
      now.startTime
        ? invalid(at.child('startTime'), now.startTime, 'cannot update startTime for unsuspended job')
        : required(at.child('startTime'), 'cannot remove startTime for unsuspended job'),
    );
  }
  if (before.completionTime && now.completionTime !== before.completionTime)
    errors.push(invalid(at.child('completionTime'), now.completionTime, 'field is immutable'));
  return errors;
}
