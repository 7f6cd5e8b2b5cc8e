import { validateClaimSpec } from '../../core/v1/persistentvolumeclaim-validation.ts';
import { validateSteadyTemplate } from '../../core/v1/template-validation.ts';
import type {
  StatefulSet,
  StatefulSetPersistentVolumeClaimRetentionPolicy,
  StatefulSetUpdateStrategy,
} from '../../generated/apps/v1.ts';
import type { PodTemplateSpec, Volume } from '../../generated/core/v1.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { nonNegative, selects } from '../selection.ts';
import { atMost, collisionsGrow, countsOf } from '../status-validation.ts';

/** What may change in the spec of a stateful set. */
const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

/** Errors of a stateful set. */
export function validateStatefulSet({ spec }: StatefulSet, at: Path): FieldError[] {
  const path = at.child('spec');
  if (!spec) return [required(path)];
  const { podManagementPolicy: management } = spec;
  const errors: FieldError[] = [];
  if (!management) errors.push(required(path.child('podManagementPolicy')));
  else if (!['OrderedReady', 'Parallel'].includes(management))
    errors.push(invalid(path.child('podManagementPolicy'), management, "must be 'OrderedReady' or 'Parallel'"));
  return [
    ...errors,
    ...validateStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy')),
    ...validateRetention(spec.persistentVolumeClaimRetentionPolicy, path.child('persistentVolumeClaimRetentionPolicy')),
    ...nonNegative(spec.replicas, path.child('replicas')),
    ...nonNegative(spec.minReadySeconds, path.child('minReadySeconds')),
    ...nonNegative(spec.ordinals?.start, path.child('ordinals.start')),
    ...selects(spec.selector, spec.template, path, 'statefulset'),
    ...(spec.template
      ? validateSteadyTemplate(withClaims(spec.template, spec), path.child('template'), 'StatefulSet')
      : []),
  ];
}

/** Errors of a new stateful set: what older ones may have had wrong is not held against their updates. */
export function validateNewStatefulSet({ spec }: StatefulSet, at: Path): FieldError[] {
  if (!spec) return [];
  const path = at.child('spec');
  const claims = path.child('volumeClaimTemplates');
  return [
    ...(spec.serviceName ? malformed(path.child('serviceName'), spec.serviceName, isDns1123Label) : []),
    ...(spec.volumeClaimTemplates ?? []).flatMap((claim, i) =>
      validateClaimSpec(claim.spec ?? {}, claims.index(i).child('spec')),
    ),
  ];
}

/** Errors of a change: all but few fields stay as they were. */
export function validateStatefulSetUpdate(it: StatefulSet, old: StatefulSet, at: Path): FieldError[] {
  const kept = { ...it.spec };
  for (const field of mutable) {
    if (old.spec[field] === undefined) delete kept[field];
    else Object.assign(kept, { [field]: old.spec[field] });
  }
  if (deepEqual(kept, old.spec)) return [];
  const shown = mutable.map((field) => `'${field}'`);
  return [
    forbidden(
      at.child('spec'),
      `updates to statefulset spec for fields other than ${shown.slice(0, -1).join(', ')} and ${shown.at(-1)} are forbidden`,
    ),
  ];
}

/** Errors of a reported status. */
export function validateStatefulSetStatusUpdate(it: StatefulSet, old: StatefulSet, at: Path): FieldError[] {
  const path = at.child('status');
  const status = it.status ?? { replicas: 0 };
  const parts = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const;
  return [
    ...countsOf(status, ['replicas', ...parts, 'observedGeneration', 'collisionCount'], path),
    ...atMost(status, parts, status.replicas, 'cannot be greater than status.replicas', path),
    ...atMost(status, ['availableReplicas'], status.readyReplicas, 'cannot be greater than status.readyReplicas', path),
    ...collisionsGrow(status.collisionCount, old.status?.collisionCount, path),
  ];
}

function validateStrategy(strategy: StatefulSetUpdateStrategy, at: Path): FieldError[] {
  const { type, rollingUpdate } = strategy;
  const path = at.child('rollingUpdate');
  if (!type) return [required(at)];
  if (type === 'OnDelete')
    return rollingUpdate
      ? [
          invalid(
            path,
            goForm('apps/v1.RollingUpdateStatefulSetStrategy', rollingUpdate),
            "only allowed for updateStrategy 'RollingUpdate'",
          ),
        ]
      : [];
  if (type !== 'RollingUpdate')
    return [
      invalid(at, goForm('apps/v1.StatefulSetUpdateStrategy', strategy), "must be 'RollingUpdate' or 'OnDelete'"),
    ];
  if (!rollingUpdate) return [];
  return nonNegative(rollingUpdate.partition, path.child('partition'));
}

function validateRetention(
  policy: StatefulSetPersistentVolumeClaimRetentionPolicy | undefined,
  at: Path,
): FieldError[] {
  if (!policy) return [];
  const known = ['Retain', 'Delete'];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((field) =>
    known.includes(policy[field] ?? '') ? [] : [notSupported(at.child(field), policy[field] ?? '', known)],
  );
}

/** The template as its pods get it: with a volume for each claim, which takes the place of a volume of that name. */
function withClaims(template: PodTemplateSpec, { volumeClaimTemplates = [] }: StatefulSet['spec']): PodTemplateSpec {
  if (!template.spec || volumeClaimTemplates.length === 0) return template;
  const claims: Volume[] = volumeClaimTemplates.map(({ metadata }) => ({
    name: metadata?.name ?? '',
    persistentVolumeClaim: { claimName: metadata?.name ?? '' },
  }));
  const names = new Set(claims.map(({ name }) => name));
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.has(name));
  return { ...template, spec: { ...template.spec, volumes: [...others, ...claims] } };
}
