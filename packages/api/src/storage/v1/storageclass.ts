import { age, column, text } from '../../columns.ts';
import { labelWarnings } from '../../core/v1/node-labels.ts';
import type { TopologySelectorTerm } from '../../generated/core/v1.ts';
import type { StorageClass } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { classNameColumn } from '../default-class.ts';
import { validateFixed, validateParameters, validateProvisioner } from './class-validation.ts';

/** `true` in one of these makes a class the one that claims without a class get. */
export const defaultStorageClassAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

/** How volumes of a kind are made. */
export const storageClass = defineKind<StorageClass>('storage/v1', {
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  defaults(it) {
    it.reclaimPolicy ??= 'Delete';
    it.volumeBindingMode ??= 'Immediate';
  },
  validate,
  validateUpdate(it, old, at) {
    const errors = validateFixed(it, old, ['parameters', 'provisioner', 'reclaimPolicy'], at);
    if (it.volumeBindingMode === old.volumeBindingMode) return errors;
    return [...errors, invalid(at.child('volumeBindingMode'), it.volumeBindingMode, 'field is immutable')];
  },
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) =>
        labelWarnings(key, `allowedTopologies[${i}].matchLabelExpressions[${j}].key: `),
      ),
    ),
  columns: [
    classNameColumn(defaultStorageClassAnnotations),
    text('Provisioner', (it) => it.provisioner, 'Who makes its volumes.'),
    text('ReclaimPolicy', (it) => it.reclaimPolicy ?? 'Delete', 'What becomes of its volumes when they are released.'),
    text('VolumeBindingMode', (it) => it.volumeBindingMode ?? 'Immediate', 'When its volumes are made and bound.'),
    column('AllowVolumeExpansion', 'string', (it) => it.allowVolumeExpansion ?? false, 'Whether its volumes can grow.'),
    age,
  ],
});

function validate(it: StorageClass, at: Path): FieldError[] {
  const { reclaimPolicy = '', volumeBindingMode = '' } = it;
  const errors = [
    ...validateProvisioner(it.provisioner, at.child('provisioner')),
    ...validateParameters(it.parameters, at.child('parameters'), true),
  ];
  if (reclaimPolicy !== '' && !reclaimPolicies.includes(reclaimPolicy))
    errors.push(notSupported(at.child('reclaimPolicy'), reclaimPolicy, reclaimPolicies));
  if (!bindingModes.includes(volumeBindingMode))
    errors.push(notSupported(at.child('volumeBindingMode'), volumeBindingMode, bindingModes));
  return [...errors, ...validateTopologies(it.allowedTopologies ?? [], at.child('allowedTopologies'))];
}

function validateTopologies(terms: readonly TopologySelectorTerm[], at: Path): FieldError[] {
  const seen = new Set<string>();
  return terms.flatMap((term, i) => {
    const path = at.index(i).child('matchLabelExpressions');
    const errors = validateTopology(term, path);
    const same = JSON.stringify(
      (term.matchLabelExpressions ?? []).map(({ key, values }) => [key, [...new Set(values)].sort()]).sort(),
    );
    if (seen.has(same) || same === '[]') errors.push(duplicate(path, ''));
    seen.add(same);
    return errors;
  });
}

function validateTopology({ matchLabelExpressions = [] }: TopologySelectorTerm, at: Path): FieldError[] {
  const keys = new Set<string>();
  return matchLabelExpressions.flatMap(({ key = '', values = [] }, i) => {
    const path = at.index(i);
    const errors = values.length === 0 ? [required(path.child('values'))] : [];
    for (const [j, value] of values.entries())
      if (values.indexOf(value) < j) errors.push(duplicate(path.child('values').index(j), value));
    append(errors, malformed(path.child('key'), key, isQualifiedName));
    if (keys.has(key)) errors.push(duplicate(path.child('key'), key));
    keys.add(key);
    return errors;
  });
}
