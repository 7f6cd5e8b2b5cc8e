import { age, containerColumns, count, shownSelector, text, wide } from '../../columns.ts';
import { podTemplateDefaults } from '../../core/v1/pod-defaults.ts';
import { validateSteadyTemplate } from '../../core/v1/template-validation.ts';
import { nameWarnings, templateWarnings } from '../../core/v1/template-warnings.ts';
import type { ReplicaSet } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { required } from '../../meta/field-path.ts';
import { nonNegative, selects } from '../selection.ts';
import { validateReplicaCounts } from '../status-validation.ts';

/** Keeps a number of pods of one template alive. */
export const replicaSet = defineKind<ReplicaSet>('apps/v1', {
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  subresources: {
    status: true,
    scale: { spec: 'spec.replicas', status: 'status.replicas', selector: 'spec.selector' },
  },
  defaults(it) {
    if (!it.spec) return;
    it.spec.replicas ??= 1;
    if (it.spec.template) podTemplateDefaults(it.spec.template);
  },
  prepareForCreate(it) {
    it.status = { replicas: 0 };
  },
  validate(it, at) {
    const path = at.child('spec');
    const spec = it.spec;
    if (!spec) return [required(path)];
    return [
      ...nonNegative(spec.replicas, path.child('replicas')),
      ...nonNegative(spec.minReadySeconds, path.child('minReadySeconds')),
      ...selects(spec.selector, spec.template, path),
      ...(spec.template ? validateSteadyTemplate(spec.template, path.child('template'), 'ReplicaSet') : []),
    ];
  },
  immutable: ['spec.selector'],
  warnings: (it, old) => [
    ...(old ? [] : nameWarnings(it.metadata.name)),
    ...templateWarnings(it, old, it.spec.template),
  ],
  validateStatusUpdate: (it, _old, at) => validateReplicaCounts(it.status ?? {}, at.child('status')),
  columns: [
    count('Desired', (it) => it.spec.replicas, 'Pods wanted.'),
    count('Current', (it) => it.status?.replicas, 'Pods that exist.'),
    count('Ready', (it) => it.status?.readyReplicas, 'Pods that are ready.'),
    age,
    ...containerColumns<ReplicaSet>((it) => it.spec.template?.spec?.containers),
    wide(text('Selector', (it) => shownSelector(it.spec.selector), 'Labels of its pods.')),
  ],
  selectableFields: { 'status.replicas': (it) => String(it.status?.replicas ?? 0) },
});
