import { age, text, wide } from '../../columns.ts';
import type { Node, NodeSpec } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { rangeWarnings } from '../../meta/address-warnings.ts';
import { validateNode, validateNodeUpdate } from './node-validation.ts';

/** A machine that runs pods. */
export const node = defineKind<Node>('core/v1', {
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  hasGeneration: false,
  subresources: { status: true },
  keepsStatusOnCreate: true,
  defaults({ spec, status }) {
    if (spec) alignRanges(spec);
    if (status?.capacity) status.allocatable ??= { ...status.capacity };
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatusUpdate: (it, old, at) => [...validateNode(it, at), ...validateNodeUpdate(it, old, at)],
  warnings: ({ spec }, _old, subresource) =>
    subresource === '' && spec
      ? [
          ...(spec.configSource ? ['spec.configSource: the feature is removed'] : []),
          ...(spec.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
          ...(spec.podCIDRs ?? []).flatMap((range, i) => rangeWarnings(range, `spec.podCIDRs[${i}]`)),
        ]
      : [],
  columns: [
    text('Status', statusOf, 'Whether the node takes pods.'),
    text('Roles', rolesOf, 'Roles by node-role label.'),
    age,
    text('Version', (it) => it.status?.nodeInfo?.kubeletVersion, 'Version of the kubelet.'),
    wide(text('Internal-IP', (it) => addressOf(it, 'InternalIP'), 'Address inside the cluster.')),
    wide(text('External-IP', (it) => addressOf(it, 'ExternalIP'), 'Address outside the cluster.')),
    wide(text('OS-Image', (it) => it.status?.nodeInfo?.osImage || '<unknown>', 'Operating system.')),
    wide(text('Kernel-Version', (it) => it.status?.nodeInfo?.kernelVersion || '<unknown>', 'Kernel.')),
    wide(
      text(
        'Container-Runtime',
        (it) => it.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
        'Container runtime.',
      ),
    ),
  ],
  selectableFields: { 'spec.unschedulable': (it) => String(it.spec?.unschedulable ?? false) },
});

/** The first range stands in a field of its own too, which decides where the two differ. */
function alignRanges(spec: NodeSpec): void {
  const { podCIDR, podCIDRs } = spec;
  if (podCIDR && podCIDRs?.[0] !== podCIDR) spec.podCIDRs = [podCIDR];
  else if (podCIDRs?.length) spec.podCIDR = podCIDRs[0]!;
}

function statusOf(it: Node): string {
  const ready = it.status?.conditions?.find((each) => each.type === 'Ready');
  const status = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (it.spec.unschedulable) status.push('SchedulingDisabled');
  return status.join(',');
}

function rolesOf(it: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = new Set<string>();
  for (const [label, value] of Object.entries(it.metadata.labels ?? {})) {
    if (label.startsWith(prefix) && label.length > prefix.length) roles.add(label.slice(prefix.length));
    else if (label === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return roles.size > 0 ? [...roles].sort().join(',') : '<none>';
}

function addressOf(it: Node, type: string): string {
  return it.status?.addresses?.find((each) => each.type === type)?.address ?? '<none>';
}
