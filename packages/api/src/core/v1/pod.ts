import { age, text, wide } from '../../columns.ts';
import type { Pod } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { podOnlyDefaults, podSpecDefaults } from './pod-defaults.ts';
import { podSummary } from './pod-phase.ts';
import { preparePod } from './pod-preparation.ts';
import { validatePodStatusUpdate } from './pod-status.ts';
import { validatePodUpdate } from './pod-update.ts';
import { validateNewPod, validatePod } from './pod-validation.ts';
import { podWarnings } from './pod-warnings.ts';
import { qosClass } from './qos.ts';
import { nameWarnings } from './template-warnings.ts';

/** A group of containers that share network and volumes, run on one node. */
export const pod = defineKind<Pod>('core/v1', {
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  gracefulDeletion: true,
  subresources: { status: true },
  statusKeeps: ['ownerReferences'],
  defaults(it) {
    if (!it.spec) return;
    podSpecDefaults(it.spec);
    podOnlyDefaults(it.spec);
  },
  prepareForCreate(it, warn) {
    it.status = { phase: 'Pending', qosClass: it.spec ? qosClass(it.spec) : 'BestEffort' };
    if (it.spec?.schedulingGates?.length) {
      it.status.conditions = [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ];
    }
    preparePod(it, warn);
  },
  validate: validatePod,
  validateCreate: validateNewPod,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  // Who writes pods anew are controllers mostly: a change is not warned of.
  warnings: (it, old) =>
    old ? [] : [...nameWarnings(it.metadata.name, `this is used in the Pod's hostname`), ...podWarnings(it)],
  columns: [
    text('Ready', (it, now) => podSummary(it, now).ready, 'Containers that are ready, of all.'),
    text('Status', (it, now) => podSummary(it, now).status, 'Where the pod is in its life.'),
    text('Restarts', (it, now) => podSummary(it, now).restarts, 'Container restarts, and how long ago the last was.'),
    age,
    wide(text('IP', (it) => it.status?.podIP || '<none>', 'Address of the pod.')),
    wide(text('Node', (it) => it.spec.nodeName || '<none>', 'Node the pod is bound to.')),
    wide(
      text('Nominated Node', (it) => it.status?.nominatedNodeName || '<none>', 'Node that preemption makes room on.'),
    ),
    wide(text('Readiness Gates', readinessGates, 'Readiness gates that are met, of all.')),
  ],
  selectableFields: {
    'spec.nodeName': (it) => it.spec?.nodeName ?? '',
    'spec.restartPolicy': (it) => it.spec?.restartPolicy ?? '',
    'spec.schedulerName': (it) => it.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (it) => it.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (it) => String(it.spec?.hostNetwork ?? false),
    'status.phase': (it) => it.status?.phase ?? '',
    'status.podIP': (it) => it.status?.podIP ?? '',
    // May be named, but no pod has a value for it.
    'status.podIPs': () => '',
    // The name of spec.nodeName in manifests of old.
    'spec.host': (it) => it.spec?.nodeName ?? '',
    'status.nominatedNodeName': (it) => it.status?.nominatedNodeName ?? '',
  },
});

function readinessGates(it: Pod): string {
  const gates = it.spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const fulfilled = new Set(it.status?.conditions?.filter(({ status }) => status === 'True').map(({ type }) => type));
  const met = gates.filter((gate) => fulfilled.has(gate.conditionType));
  return `${met.length}/${gates.length}`;
}
