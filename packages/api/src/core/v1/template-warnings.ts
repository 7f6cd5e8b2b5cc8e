import type { PodTemplateSpec } from '../../generated/core/v1.ts';
import type { KubeObject } from '../../kind.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { podWarnings } from './pod-warnings.ts';

/** What a client is warned of in the template of a workload's pods, where the write makes another generation of the workload. */
export function templateWarnings(
  it: KubeObject,
  old: KubeObject | undefined,
  template: PodTemplateSpec | undefined,
  at = 'spec.template',
): string[] {
  if (old && it.metadata.generation === old.metadata.generation) return [];
  return template ? podWarnings(template, at) : [];
}

/** What a client is warned of whose new object has a name that is no DNS label, where it becomes a hostname: `use` says so. */
export function nameWarnings(name = '', use = 'this is used in Pod names and hostnames'): string[] {
  const wrong = isDns1123Label(name);
  if (wrong.length === 0) return [];
  return [
    `metadata.name: ${use}, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
  ];
}
