import { nonNegative } from '../../apps/selection.ts';
import type { CronJob, CronJobSpec } from '../../generated/batch/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { validateJobTemplate } from './job-validation.ts';
import { isTimeZone, scheduleError } from './schedule.ts';

/** Leaves room for the time that the names of its jobs end in. */
const maxNameLength = 52;

const policies = ['Allow', 'Forbid', 'Replace'];

/** Errors of a new cron job. */
export function validateNewCronJob({ metadata, spec }: CronJob, at: Path): FieldError[] {
  const errors = validateSpec(spec, undefined, at.child('spec'));
  const { name = '' } = metadata;
  if (name.length > maxNameLength)
    errors.push(invalid(at.child('metadata.name'), name, `must be no more than ${maxNameLength} characters`));
  return errors;
}

/** Errors of a change to a cron job: a time zone that was taken once, in its field or in its schedule, may stay. */
export function validateCronJobUpdate(it: CronJob, old: CronJob, at: Path): FieldError[] {
  return validateSpec(it.spec, old.spec, at.child('spec'));
}

function validateSpec(spec: CronJobSpec | undefined, old: CronJobSpec | undefined, at: Path): FieldError[] {
  if (!spec) return [required(at)];
  const errors = validateSchedule(spec, old?.schedule.includes('TZ') ?? false, at.child('schedule'));
  append(errors, nonNegative(spec.startingDeadlineSeconds, at.child('startingDeadlineSeconds')));
  if (!old || old.timeZone !== spec.timeZone) append(errors, validateTimeZone(spec.timeZone, at.child('timeZone')));
  const policy = spec.concurrencyPolicy;
  if (!policy) errors.push(required(at.child('concurrencyPolicy')));
  else if (!policies.includes(policy)) errors.push(notSupported(at.child('concurrencyPolicy'), policy, policies));
  return [
    ...errors,
    ...validateJobTemplate(spec.jobTemplate, at.child('jobTemplate')),
    ...nonNegative(spec.successfulJobsHistoryLimit, at.child('successfulJobsHistoryLimit')),
    ...nonNegative(spec.failedJobsHistoryLimit, at.child('failedJobsHistoryLimit')),
  ];
}

function validateSchedule({ schedule, timeZone }: CronJobSpec, mayNameZone: boolean, at: Path): FieldError[] {
  if (!schedule) return [required(at)];
  const errors: FieldError[] = [];
  const wrong = scheduleError(schedule);
  if (wrong !== undefined) errors.push(invalid(at, schedule, wrong));
  if (!schedule.includes('TZ')) return errors;
  if (!mayNameZone)
    errors.push(invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  else if (timeZone !== undefined)
    errors.push(invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  return errors;
}

function validateTimeZone(zone: string | undefined, at: Path): FieldError[] {
  if (zone === undefined) return [];
  if (zone === '') return [invalid(at, zone, 'timeZone must be nil or non-empty string')];
  const unknown = invalid(at, zone, `unknown time zone ${zone}`);
  if (zone.split('/').some((part) => !/^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}$/.test(part) || /^\.\.?$/.test(part)))
    return [unknown];
  if (zone.toLowerCase() === 'local') {
    return [invalid(at, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')];
  }
  return isTimeZone(zone) ? [] : [unknown];
}
