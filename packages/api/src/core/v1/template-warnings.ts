import type { PodTemplateSpec } from '../../generated/core/v1.ts';
import type { KubeObject } from '../../kind.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { podSpecWarnings } from './pod-warnings.ts';

/** What a client is warned of in the template of a workload's pods, where the write makes another generation of the workload. */
export function templateWarnings(
  it: KubeObject,
  old: KubeObject | undefined,
  template: PodTemplateSpec | undefined,
  at = 'spec.template',
): string[] {
  if (old && it.metadata.generation === old.metadata.generation) return [];
  return podSpecWarnings(template?.spec, `${at}.spec`);
}

/** What a client is warned of whose new workload's pods have hostnames that are no DNS label. */
export function nameWarnings(name = ''): string[] {
  const wrong = isDns1123Label(name);
  if (wrong.length === 0) return [];
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
  ];
}
