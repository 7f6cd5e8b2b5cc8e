import type { Job, JobConditionType } from '../../generated/batch/v1.ts';

/** Whether a job has a condition of this type that is true. */
export function hasCondition({ status }: Job, type: JobConditionType): boolean {
  return status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false;
}

/** Whether a job has come to its end, good or bad. */
export function isFinished(job: Job): boolean {
  return hasCondition(job, 'Complete') || hasCondition(job, 'Failed');
}
