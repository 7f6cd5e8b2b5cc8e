import { nonNegative } from '../../apps/selection.ts';
import { validateReplicaCounts } from '../../apps/status-validation.ts';
import { age, containerColumns, count, shownSet, text, wide } from '../../columns.ts';
import type { ReplicationController } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, required } from '../../meta/field-path.ts';
import { selectorFromSet } from '../../meta/labels.ts';
import { podTemplateDefaults } from './pod-defaults.ts';
import { validateSteadyTemplate } from './template-validation.ts';
import { nameWarnings, templateWarnings } from './template-warnings.ts';

/** Keeps a number of pods of one template alive: what came before ReplicaSets. */
export const replicationController = defineKind<ReplicationController>('core/v1', {
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  orphansDependents: {},
  subresources: {
    status: true,
    scale: { spec: 'spec.replicas', status: 'status.replicas', selectorLabels: 'spec.selector' },
  },
  defaults(it) {
    it.spec ??= {};
    const { spec, metadata } = it;
    const labels = spec.template?.metadata?.labels;
    if (labels && Object.keys(labels).length > 0) {
      if (!spec.selector || Object.keys(spec.selector).length === 0) spec.selector = { ...labels };
      if (!metadata.labels || Object.keys(metadata.labels).length === 0) metadata.labels = { ...labels };
    }
    spec.replicas ??= 1;
    if (spec.template) podTemplateDefaults(spec.template);
  },
  prepareForCreate(it) {
    it.status = { replicas: 0 };
  },
  validate(it, at) {
    const path = at.child('spec');
    const { selector = {}, template, replicas, minReadySeconds } = it.spec ?? {};
    const errors: FieldError[] = nonNegative(minReadySeconds, path.child('minReadySeconds'));
    const isEmpty = Object.keys(selector).length === 0;
    if (isEmpty) errors.push(required(path.child('selector')));
    append(errors, nonNegative(replicas, path.child('replicas')));
    if (!template) return [...errors, required(path.child('template'))];
    const labels = template.metadata?.labels ?? {};
    if (!isEmpty && !selectorFromSet(selector).matches(labels)) {
      errors.push(
        invalid(path.child('template.metadata.labels'), labels, '`selector` does not match template `labels`'),
      );
    }
    return [...errors, ...validateSteadyTemplate(template, path.child('template'), 'ReplicationController')];
  },
  validateStatusUpdate: (it, _old, at) => validateReplicaCounts(it.status ?? {}, at.child('status')),
  warnings: (it, old) => [
    ...(old ? [] : nameWarnings(it.metadata.name)),
    ...templateWarnings(it, old, it.spec?.template),
  ],
  columns: [
    count('Desired', (it) => it.spec?.replicas, 'Pods wanted.'),
    count('Current', (it) => it.status?.replicas, 'Pods that exist.'),
    count('Ready', (it) => it.status?.readyReplicas, 'Pods that are ready.'),
    age,
    ...containerColumns<ReplicationController>((it) => it.spec?.template?.spec?.containers),
    wide(text('Selector', (it) => shownSet(it.spec?.selector), 'Labels of its pods.')),
  ],
  selectableFields: { 'status.replicas': (it) => String(it.status?.replicas ?? 0) },
});
