import { age, containerColumns, shownSelector, text, wide } from '../../columns.ts';
import { nameWarnings, templateWarnings } from '../../core/v1/template-warnings.ts';
import type { Job, JobSpec } from '../../generated/batch/v1.ts';
import { defineKind, type KubeObject } from '../../kind.ts';
import { humanDuration, parseTime } from '../../meta/time.ts';
import { hasCondition } from './job-conditions.ts';
import { jobDefaults } from './job-defaults.ts';
import { generateSelector } from './job-selector.ts';
import { validateJobStatusUpdate } from './job-status-validation.ts';
import { validateJobUpdate } from './job-update.ts';
import { validateJob, validateNewJob } from './job-validation.ts';

/** Runs pods until a number of them have succeeded. */
export const job = defineKind<Job>('batch/v1', {
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  namespaced: true,
  orphansDependents: {
    warning:
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  },
  subresources: { status: true },
  defaults: jobDefaults,
  prepareForCreate(it) {
    it.status = {};
    generateSelector(it);
    // A job without labels has those of its template, generated ones included.
    jobDefaults(it);
  },
  validate: validateJob,
  validateCreate: validateNewJob,
  validateUpdate: validateJobUpdate,
  validateStatusUpdate: validateJobStatusUpdate,
  warnings: (it, old) => [...(old ? [] : nameWarnings(it.metadata.name)), ...jobSpecWarnings(it, old, it.spec)],
  columns: [
    text('Status', statusOf, 'Where the job is in its life.'),
    text('Completions', completionsOf, 'Pods that have succeeded, of those wanted.'),
    text('Duration', durationOf, 'How long it has run, or ran.'),
    age,
    ...containerColumns<Job>((it) => it.spec.template?.spec?.containers),
    wide(text('Selector', (it) => shownSelector(it.spec.selector), 'Labels of its pods.')),
  ],
  selectableFields: { 'status.successful': (it) => String(it.status?.succeeded ?? 0) },
  unselectable: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
});

/** Above so many indexes, and so many pods at once, not all failures may be kept track of. */
const manyCompletions = 100_000;
const manyPods = 10_000;

/** What a client is warned of in the spec of a job, or in a template of one, at `at`, where the write makes another generation of `it`. */
export function jobSpecWarnings(it: KubeObject, old: KubeObject | undefined, spec: JobSpec, at = 'spec'): string[] {
  if (old && it.metadata.generation === old.metadata.generation) return [];
  const { completionMode, completions = 0, parallelism = 0, template } = spec;
  const isLarge = completionMode === 'Indexed' && completions > manyCompletions && parallelism > manyPods;
  return [...(isLarge ? [`${at}: ${untracked}`] : []), ...templateWarnings(it, old, template, `${at}.template`)];
}

const untracked =
  'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';

function statusOf(it: Job): string {
  for (const type of ['Complete', 'Failed']) if (hasCondition(it, type)) return type;
  if (it.metadata.deletionTimestamp) return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) if (hasCondition(it, type)) return type;
  return 'Running';
}

function completionsOf({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const { parallelism = 0 } = spec;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationOf({ status }: Job, now: number): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? parseTime(status.completionTime) : now;
  return humanDuration(end - parseTime(status.startTime));
}
