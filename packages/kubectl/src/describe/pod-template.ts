import { formatLabelSelector } from '@coracle/api/meta/labels';
import type { PodTemplateSpec, Toleration, TopologySpreadConstraint } from '@coracle/api/types/core/v1';
import { describeContainers } from './containers.ts';
import type { Description } from './description.ts';
import { describeVolumes } from './volumes.ts';

export function describePodTemplate(out: Description, template: PodTemplateSpec | undefined): void {
  out.line(0, 'Pod Template:');
  if (!template) {
    out.append('  <unset>');
    return;
  }
  const { metadata, spec } = template;
  out.labels('  Labels', metadata?.labels);
  if (metadata?.annotations && Object.keys(metadata.annotations).length > 0)
    out.annotations('  Annotations', metadata.annotations);
  if (spec?.serviceAccountName) out.line(1, `Service Account:\t${spec.serviceAccountName}`);
  if (spec?.initContainers?.length) describeContainers(out, 'Init Containers', spec.initContainers, { space: '  ' });
  describeContainers(out, 'Containers', spec?.containers ?? [], { space: '  ' });
  describeVolumes(out, spec?.volumes, '  ');
  describeSpread(out, spec?.topologySpreadConstraints, '  ');
  if (spec?.priorityClassName) out.line(1, `Priority Class Name:\t${spec.priorityClassName}`);
  out.labels('  Node-Selectors', spec?.nodeSelector);
  describeTolerations(out, '  Tolerations', spec?.tolerations);
}

export function describeTolerations(
  out: Description,
  title: string,
  tolerations: readonly Toleration[] | undefined,
): void {
  const sorted = [...(tolerations ?? [])].sort((a, b) =>
    (a.key ?? '') < (b.key ?? '') ? -1 : (a.key ?? '') > (b.key ?? '') ? 1 : 0,
  );
  out.entries(title, sorted.map(tolerationText));
}

function tolerationText({ key = '', value = '', effect = '', operator, tolerationSeconds }: Toleration): string {
  let text = key;
  if (value !== '') text += `=${value}`;
  if (effect !== '') text += `:${effect}`;
  if (operator === 'Exists' && value === '') text += text === '' ? 'op=Exists' : ' op=Exists';
  return tolerationSeconds === undefined ? text : `${text} for ${tolerationSeconds}s`;
}

export function describeSpread(
  out: Description,
  constraints: readonly TopologySpreadConstraint[] | undefined,
  space: string,
): void {
  if (!constraints?.length) return;
  const sorted = [...constraints].sort((a, b) => (a.topologyKey < b.topologyKey ? -1 : 1));
  out.append(`${space}Topology Spread Constraints:\t`);
  for (const [i, each] of sorted.entries()) {
    if (i > 0) out.append(`${space}\t`);
    out.append(`${each.topologyKey}:${each.whenUnsatisfiable} when max skew ${each.maxSkew} is exceeded`);
    if (each.labelSelector) out.append(` for selector ${formatLabelSelector(each.labelSelector)}`);
    out.append('\n');
  }
}
