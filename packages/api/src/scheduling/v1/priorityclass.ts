import { age, column, count, text } from '../../columns.ts';
import type { PriorityClass } from '../../generated/scheduling/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, forbidden, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';

const reserved = 'system-';
const highestOfUsers = 1_000_000_000;
const policies = ['PreemptLowerPriority', 'Never'];

/** The classes every cluster has. */
export const systemPriorityClasses: readonly Required<
  Pick<PriorityClass, 'metadata' | 'value' | 'globalDefault' | 'description' | 'preemptionPolicy'>
>[] = [
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    globalDefault: false,
    description: 'Used for system critical pods that must not be moved from their current node.',
    preemptionPolicy: 'PreemptLowerPriority',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    globalDefault: false,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    preemptionPolicy: 'PreemptLowerPriority',
  },
];

/** How important pods are that name it: a number, and whether they push others off their nodes. */
export const priorityClass = defineKind<PriorityClass>('scheduling/v1', {
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  hasGeneration: false,
  defaults(it) {
    it.preemptionPolicy ??= 'PreemptLowerPriority';
    it.value ??= 0;
  },
  prepareForCreate(it) {
    it.metadata.generation = 1;
  },
  validate: (it, at) => [
    ...validateValue(it, at),
    ...validatePolicy(it.preemptionPolicy, at.child('preemptionPolicy')),
  ],
  validateUpdate: (it, old, at) => [
    ...((it.value ?? 0) === (old.value ?? 0) ? [] : [forbidden(at.child('value'), 'may not be changed in an update.')]),
    ...(it.preemptionPolicy === old.preemptionPolicy
      ? []
      : [invalid(at.child('preemptionPolicy'), it.preemptionPolicy, 'field is immutable')]),
  ],
  columns: [
    count('Value', (it) => it.value, 'Priority of pods that name the class.'),
    column('Global-Default', 'boolean', (it) => it.globalDefault ?? false, 'Whether pods without a class get it.'),
    age,
    text('PreemptionPolicy', (it) => it.preemptionPolicy, 'Whether its pods push others off their nodes.'),
  ],
});

/** Whether a name is one of those every cluster has. */
export const isSystemPriorityClass = (name: string | undefined): boolean =>
  systemPriorityClasses.some(({ metadata }) => metadata.name === name);

function validateValue({ metadata, value = 0, globalDefault = false }: PriorityClass, at: Path): FieldError[] {
  const { name = '' } = metadata;
  if (!name.startsWith(reserved)) {
    if (value <= highestOfUsers) return [];
    const detail = `maximum allowed value of a user defined priority is ${highestOfUsers}`;
    return [forbidden(at.child('value'), detail)];
  }
  const known = systemPriorityClasses.find((each) => each.metadata.name === name);
  let why: string | undefined;
  if (!known) why = `${name} is not a known system priority class`;
  else if (known.value !== value) why = `value of ${name} PriorityClass must be ${known.value}`;
  else if (globalDefault) why = `globalDefault of ${name} PriorityClass must be false`;
  if (why === undefined) return [];
  const detail = `priority class names with '${reserved}' prefix are reserved for system use only. error: ${why}`;
  return [forbidden(at.child('metadata.name'), detail)];
}

function validatePolicy(policy: string | undefined, at: Path): FieldError[] {
  if (!policy) return [required(at)];
  return policies.includes(policy) ? [] : [notSupported(at, policy, policies)];
}
