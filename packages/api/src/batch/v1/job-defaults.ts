import { podTemplateDefaults } from '../../core/v1/pod-defaults.ts';
import type { Job, JobSpec } from '../../generated/batch/v1.ts';

/** More failures than any job has: with a limit for each index, the job as a whole has none. */
const unlimited = 2_147_483_647;

/** Fills in what a job and a template of jobs share, in place. */
export function jobTemplateDefaults(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
  if (spec.template) podTemplateDefaults(spec.template);
}

/** Fills in a job as upstream defaults it, in place. */
export function jobDefaults({ metadata, spec }: Job): void {
  if (!spec) return;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : unlimited;
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(labels).length > 0 && Object.keys(metadata.labels ?? {}).length === 0)
    metadata.labels = { ...labels };
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
  jobTemplateDefaults(spec);
}
