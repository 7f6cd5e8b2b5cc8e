import type { PodTemplateSpec } from '../../generated/core/v1.ts';
import { deepEqual } from '../../meta/object.ts';
import { podVolumeWarnings } from './volume-warnings.ts';

/** What a client is warned of in the template of a workload's pods, where the write changes it. */
export function templateWarnings(template: PodTemplateSpec | undefined, old: PodTemplateSpec | undefined): string[] {
  return deepEqual(template, old) ? [] : podVolumeWarnings(template?.spec, 'spec.template.spec');
}
