import { age, column, containerColumns, countAsText, shownSelector, text, wide } from '../../columns.ts';
import { podTemplateDefaults } from '../../core/v1/pod-defaults.ts';
import { validateSteadyTemplate } from '../../core/v1/template-validation.ts';
import { nameWarnings, templateWarnings } from '../../core/v1/template-warnings.ts';
import type { Deployment, DeploymentStrategy } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, forbidden, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { deepEqual } from '../../meta/object.ts';
import { countOrPercent, isZero, nonNegative, selects } from '../selection.ts';
import { atMost, collisionsGrow, countsOf } from '../status-validation.ts';

/** A declared number of interchangeable pods, changed by rolling from one ReplicaSet to the next. */
export const deployment = defineKind<Deployment>('apps/v1', {
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  statusKeeps: ['labels'],
  subresources: {
    status: true,
    scale: { spec: 'spec.replicas', status: 'status.replicas', selector: 'spec.selector' },
  },
  defaults(it) {
    if (!it.spec) return;
    const spec = it.spec;
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    if (spec.template) podTemplateDefaults(spec.template);
  },
  prepareForCreate(it) {
    it.status = {};
  },
  prepareForUpdate(it, old) {
    // Annotations are copied to its ReplicaSets. What else has changed is counted with them.
    const { annotations = {}, generation = 0 } = old.metadata;
    if (!deepEqual(it.metadata.annotations ?? {}, annotations)) it.metadata.generation = generation + 1;
  },
  validate(it, at) {
    const path = at.child('spec');
    const spec = it.spec;
    if (!spec) return [required(path)];
    return [
      ...nonNegative(spec.replicas, path.child('replicas')),
      ...selects(spec.selector, spec.template, path),
      ...(spec.template ? validateSteadyTemplate(spec.template, path.child('template'), 'ReplicaSet') : []),
      ...validateStrategy(spec.strategy ?? {}, path.child('strategy')),
      ...nonNegative(spec.minReadySeconds, path.child('minReadySeconds')),
      ...nonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit')),
      ...validateDeadline(
        spec.progressDeadlineSeconds,
        spec.minReadySeconds ?? 0,
        path.child('progressDeadlineSeconds'),
      ),
    ];
  },
  immutable: ['spec.selector'],
  warnings: (it, old) => [
    ...(old ? [] : nameWarnings(it.metadata.name)),
    ...templateWarnings(it, old, it.spec.template),
  ],
  validateStatusUpdate(it, old, at) {
    const path = at.child('status');
    const status = it.status ?? {};
    const parts = ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;
    return [
      ...countsOf(
        status,
        ['observedGeneration', 'replicas', ...parts, 'unavailableReplicas', 'terminatingReplicas', 'collisionCount'],
        path,
      ),
      ...atMost(status, parts, status.replicas, 'cannot be greater than status.replicas', path),
      ...atMost(status, ['availableReplicas'], status.readyReplicas, 'cannot be greater than readyReplicas', path),
      ...collisionsGrow(status.collisionCount, old.status?.collisionCount, path),
    ];
  },
  columns: [
    text(
      'Ready',
      (it) => `${it.status?.readyReplicas ?? 0}/${it.spec.replicas ?? 0}`,
      'Pods that are ready, of those wanted.',
    ),
    countAsText('Up-to-date', (it) => it.status?.updatedReplicas, 'Pods of the newest template.'),
    countAsText('Available', (it) => it.status?.availableReplicas, 'Pods that have been ready long enough.'),
    age,
    ...containerColumns<Deployment>((it) => it.spec.template?.spec?.containers),
    wide(column('Selector', 'string', (it) => shownSelector(it.spec.selector), 'Labels of its pods.')),
  ],
});

function validateStrategy(strategy: DeploymentStrategy, at: Path): FieldError[] {
  switch (strategy.type) {
    case 'Recreate':
      return strategy.rollingUpdate
        ? [forbidden(at.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'")]
        : [];
    case 'RollingUpdate': {
      const { maxUnavailable, maxSurge } = strategy.rollingUpdate ?? {};
      const path = at.child('rollingUpdate');
      const errors = [
        ...countOrPercent(maxUnavailable, path.child('maxUnavailable'), { max100: true }),
        ...countOrPercent(maxSurge, path.child('maxSurge'), {}),
      ];
      if (errors.length === 0 && isZero(maxUnavailable) && isZero(maxSurge)) {
        errors.push(invalid(path.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
      }
      return errors;
    }
    default:
      return [notSupported(at, goForm('apps/v1.DeploymentStrategy', strategy), ['Recreate', 'RollingUpdate'])];
  }
}

function validateDeadline(deadline: number | undefined, minReady: number, at: Path): FieldError[] {
  if (deadline === undefined) return [];
  const errors = nonNegative(deadline, at);
  if (deadline <= minReady) errors.push(invalid(at, deadline, 'must be greater than minReadySeconds'));
  return errors;
}
