import { age, containerColumns, text } from '../../columns.ts';
import { claimSpecDefaults } from '../../core/v1/claim-defaults.ts';
import { podTemplateDefaults } from '../../core/v1/pod-defaults.ts';
import { templateWarnings } from '../../core/v1/template-warnings.ts';
import { claimSpecWarnings } from '../../core/v1/volume-warnings.ts';
import type { StatefulSet } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { isDns1123Label } from '../../meta/names.ts';
import {
  validateNewStatefulSet,
  validateStatefulSet,
  validateStatefulSetStatusUpdate,
  validateStatefulSetUpdate,
} from './statefulset-validation.ts';

/** Pods with lasting names and claims of their own, made and replaced in order. */
export const statefulSet = defineKind<StatefulSet>('apps/v1', {
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  // Its pods' hostnames begin with it.
  name: isDns1123Label,
  // Upstream takes this one, and no StatefulSet has it.
  selectableFields: { 'status.successful': () => '' },
  unselectable: (field) => `field label not supported for appsv1.StatefulSet: ${field}`,
  subresources: {
    status: true,
    scale: { spec: 'spec.replicas', status: 'status.replicas', selector: 'spec.selector' },
  },
  defaults(it) {
    if (!it.spec) return;
    const { spec } = it;
    spec.podManagementPolicy ||= 'OrderedReady';
    spec.updateStrategy ??= {};
    if (!spec.updateStrategy.type) {
      spec.updateStrategy.type = 'RollingUpdate';
      spec.updateStrategy.rollingUpdate ??= {};
    }
    if (spec.updateStrategy.type === 'RollingUpdate' && spec.updateStrategy.rollingUpdate) {
      spec.updateStrategy.rollingUpdate.partition ??= 0;
    }
    // Not on: upstream's gate MaxUnavailableStatefulSet is off.
    delete spec.updateStrategy.rollingUpdate?.maxUnavailable;
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    if (spec.template) podTemplateDefaults(spec.template);
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion ||= 'v1';
      claim.kind ||= 'PersistentVolumeClaim';
      claim.metadata ??= {};
      claim.spec ??= {};
      claimSpecDefaults(claim.spec);
      claim.status ??= {};
      claim.status.phase ||= 'Pending';
    }
  },
  prepareForCreate(it) {
    it.status = { replicas: 0 };
  },
  validate: validateStatefulSet,
  validateCreate: validateNewStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  validateStatusUpdate: validateStatefulSetStatusUpdate,
  warnings(it, old, subresource) {
    if (subresource === 'status') return [];
    const { spec } = it;
    const { revisionHistoryLimit = 0, volumeClaimTemplates: claims = [] } = spec;
    // Upstream's paths in updates have the name of the field in Go.
    const child = old ? '.Spec' : '';
    const kept =
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
    return [
      ...templateWarnings(it, old, spec.template),
      ...claims.flatMap((claim, i) => claimSpecWarnings(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}]${child}`)),
      ...(revisionHistoryLimit < 0 ? [kept] : []),
    ];
  },
  columns: [
    text(
      'Ready',
      (it) => `${it.status?.readyReplicas ?? 0}/${it.spec.replicas ?? 0}`,
      'Pods that are ready, of those wanted.',
    ),
    age,
    ...containerColumns<StatefulSet>((it) => it.spec.template?.spec?.containers),
  ],
});
