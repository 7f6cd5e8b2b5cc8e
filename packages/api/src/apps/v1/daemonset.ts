import { age, containerColumns, count, shownSelector, shownSet, text, wide } from '../../columns.ts';
import { podTemplateDefaults } from '../../core/v1/pod-defaults.ts';
import { validateSteadyTemplate } from '../../core/v1/template-validation.ts';
import { templateWarnings } from '../../core/v1/template-warnings.ts';
import type { DaemonSet, DaemonSetUpdateStrategy } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { deepEqual } from '../../meta/object.ts';
import { countOrPercent, isZero, nonNegative, selects } from '../selection.ts';
import { collisionsGrow, countsOf } from '../status-validation.ts';

/** Counts the templates a daemon set has had; the field it once was lives on as this annotation. */
const templateGeneration = 'deprecated.daemonset.template.generation';

/** Keeps one pod on each node that its template fits. */
export const daemonSet = defineKind<DaemonSet>('apps/v1', {
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  subresources: { status: true },
  defaults(it) {
    if (!it.spec) return;
    const { spec } = it;
    spec.revisionHistoryLimit ??= 10;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    if (spec.template) podTemplateDefaults(spec.template);
  },
  prepareForCreate(it) {
    it.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    setTemplateGeneration(it, 1);
  },
  prepareForUpdate(it, old) {
    const before = Number(old.metadata.annotations?.[templateGeneration] ?? 0);
    setTemplateGeneration(it, deepEqual(it.spec?.template, old.spec?.template) ? before : before + 1);
  },
  validate(it, at) {
    const path = at.child('spec');
    const { spec } = it;
    if (!spec) return [required(path)];
    return [
      ...selects(spec.selector, spec.template, path, 'daemonset'),
      ...(spec.template ? validateSteadyTemplate(spec.template, path.child('template'), 'DaemonSet') : []),
      ...nonNegative(spec.minReadySeconds, path.child('minReadySeconds')),
      ...validateStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy')),
      ...nonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit')),
    ];
  },
  immutable: ['spec.selector'],
  validateStatusUpdate(it, old, at) {
    const path = at.child('status');
    const status = it.status ?? ({} as NonNullable<DaemonSet['status']>);
    return [
      ...countsOf(
        status,
        [
          'currentNumberScheduled',
          'numberMisscheduled',
          'desiredNumberScheduled',
          'numberReady',
          'observedGeneration',
          'updatedNumberScheduled',
          'numberAvailable',
          'numberUnavailable',
          'collisionCount',
        ],
        path,
      ),
      ...collisionsGrow(status.collisionCount, old.status?.collisionCount, path),
    ];
  },
  warnings: (it, old) => templateWarnings(it, old, it.spec.template),
  columns: [
    count('Desired', (it) => it.status?.desiredNumberScheduled, 'Nodes that should run its pod.'),
    count('Current', (it) => it.status?.currentNumberScheduled, 'Nodes that run its pod and should.'),
    count('Ready', (it) => it.status?.numberReady, 'Nodes whose pod is ready.'),
    count('Up-to-date', (it) => it.status?.updatedNumberScheduled, 'Nodes whose pod is of the newest template.'),
    count('Available', (it) => it.status?.numberAvailable, 'Nodes whose pod has been ready long enough.'),
    text(
      'Node Selector',
      (it) => shownSet(it.spec.template?.spec?.nodeSelector),
      'Labels of the nodes its pods may run on.',
    ),
    age,
    ...containerColumns<DaemonSet>((it) => it.spec.template?.spec?.containers),
    wide(text('Selector', (it) => shownSelector(it.spec.selector), 'Labels of its pods.')),
  ],
});

function setTemplateGeneration(it: DaemonSet, generation: number): void {
  it.metadata.annotations = { ...it.metadata.annotations, [templateGeneration]: String(generation) };
}

function validateStrategy(strategy: DaemonSetUpdateStrategy, at: Path): FieldError[] {
  if (strategy.type === 'OnDelete') return [];
  if (strategy.type !== 'RollingUpdate')
    return [notSupported(at, goForm('apps/v1.DaemonSetUpdateStrategy', strategy), ['RollingUpdate', 'OnDelete'])];
  const path = at.child('rollingUpdate');
  if (!strategy.rollingUpdate) return [required(path)];
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate;
  const errors = [
    ...countOrPercent(maxUnavailable, path.child('maxUnavailable'), { max100: true }),
    ...countOrPercent(maxSurge, path.child('maxSurge'), { max100: true }),
  ];
  if (errors.length > 0) return errors;
  if (!isZero(maxUnavailable) && !isZero(maxSurge))
    return [invalid(path.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero')];
  return isZero(maxUnavailable) && isZero(maxSurge)
    ? [required(path.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0')]
    : [];
}
