import { age, column, containerColumns, count, shownSelector, since, text, wide } from '../../columns.ts';
import { nameWarnings } from '../../core/v1/template-warnings.ts';
import type { CronJob } from '../../generated/batch/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateCronJobUpdate, validateNewCronJob } from './cronjob-validation.ts';
import { jobSpecWarnings } from './job.ts';
import { jobTemplateDefaults } from './job-defaults.ts';

/** Makes jobs of one template at the times of a schedule. */
export const cronJob = defineKind<CronJob>('batch/v1', {
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  subresources: { status: true },
  defaults(it) {
    const { spec } = it;
    if (!spec) return;
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    if (spec.jobTemplate?.spec) jobTemplateDefaults(spec.jobTemplate.spec);
  },
  prepareForCreate(it) {
    it.status = {};
  },
  validateCreate: validateNewCronJob,
  validateUpdate: validateCronJobUpdate,
  warnings(it, old, subresource) {
    if (subresource === 'status') return [];
    const { jobTemplate, schedule } = it.spec;
    return [
      ...(old ? [] : nameWarnings(it.metadata.name)),
      ...(jobTemplate?.spec ? jobSpecWarnings(it, old, jobTemplate.spec, 'spec.jobTemplate.spec') : []),
      // A new one is refused.
      ...(old && schedule.includes('TZ') ? [zoneInSchedule] : []),
    ];
  },
  columns: [
    text('Schedule', (it) => it.spec.schedule, 'When it makes jobs.'),
    text('Timezone', (it) => it.spec.timeZone ?? '<none>', 'The zone its schedule is in.'),
    column('Suspend', 'boolean', (it) => suspended(it.spec.suspend), 'Whether it makes none for now.'),
    count('Active', (it) => it.status?.active?.length, 'Jobs that run.'),
    text(
      'Last Schedule',
      (it, now) => (it.status?.lastScheduleTime ? since(it.status.lastScheduleTime, now) : '<none>'),
      'Time since it last made a job.',
    ),
    age,
    ...containerColumns<CronJob>((it) => it.spec.jobTemplate?.spec?.template?.spec?.containers),
    wide(text('Selector', (it) => shownSelector(it.spec.jobTemplate?.spec?.selector), 'Labels of its pods.')),
  ],
});

const zoneInSchedule =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';

function suspended(suspend: boolean | undefined): string {
  if (suspend === undefined) return '<unset>';
  return suspend ? 'True' : 'False';
}
