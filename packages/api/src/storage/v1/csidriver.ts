import { age, column, text } from '../../columns.ts';
import type { CSIDriver, CSIDriverSpec, TokenRequest } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { duplicate, type FieldError, invalid, notSupported, type Path } from '../../meta/field-path.ts';
import { deepEqual } from '../../meta/object.ts';

const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes = ['Persistent', 'Ephemeral'];
const maxTokenSeconds = 2 ** 32;

/** What Kubernetes has to know of a driver of CSI volumes. */
export const csiDriver = defineKind<CSIDriver>('storage/v1', {
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  allowUnconditionalUpdate: false,
  hasGeneration: false,
  defaults(it) {
    it.spec ??= {};
    const { spec } = it;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
  },
  prepareForCreate: ({ spec }) => {
    delete spec.preventPodSchedulingIfMissing;
  },
  prepareForUpdate(it, old) {
    if (old.spec.preventPodSchedulingIfMissing === undefined) delete it.spec.preventPodSchedulingIfMissing;
    // Counted from the first change on.
    if (!deepEqual(it.spec, old.spec)) it.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate: ({ spec }, at) => validateSpec(spec, at.child('spec')),
  validateUpdate({ spec }, { spec: old }, at) {
    const fixed = (path: string, field: 'attachRequired' | 'volumeLifecycleModes') =>
      deepEqual(spec[field], old[field]) ? [] : [invalid(at.child(path), spec[field], 'field is immutable')];
    // The first path is upstream's.
    return [
      ...fixed('spec.attachedRequired', 'attachRequired'),
      ...fixed('spec.volumeLifecycleModes', 'volumeLifecycleModes'),
    ];
  },
  columns: [
    column(
      'AttachRequired',
      'boolean',
      (it) => it.spec.attachRequired ?? true,
      'Whether volumes are attached before use.',
    ),
    column(
      'PodInfoOnMount',
      'boolean',
      (it) => it.spec.podInfoOnMount ?? false,
      'Whether it is told which pod mounts.',
    ),
    column('StorageCapacity', 'boolean', (it) => it.spec.storageCapacity ?? false, 'Whether it reports free capacity.'),
    text('TokenRequests', shownAudiences, 'Audiences it gets tokens of pods for.'),
    column('RequiresRepublish', 'boolean', (it) => it.spec.requiresRepublish ?? false, 'Whether mounts are renewed.'),
    text('Modes', (it) => it.spec.volumeLifecycleModes?.join(',') || '<none>', 'Kinds of volumes it makes.'),
    age,
  ],
});

function shownAudiences({ spec: { tokenRequests } }: CSIDriver): string {
  return tokenRequests ? tokenRequests.map(({ audience }) => audience ?? '').join(',') : '<unset>';
}

function validateSpec(spec: CSIDriverSpec, at: Path): FieldError[] {
  const { fsGroupPolicy = '', tokenRequests = [], volumeLifecycleModes = [] } = spec;
  const { nodeAllocatableUpdatePeriodSeconds: period } = spec;
  const errors = groupPolicies.includes(fsGroupPolicy)
    ? []
    : [notSupported(at.child('fsGroupPolicy'), fsGroupPolicy, groupPolicies)];
  append(errors, validateTokenRequests(tokenRequests, at.child('tokenRequests')));
  for (const mode of volumeLifecycleModes)
    if (!lifecycleModes.includes(mode))
      errors.push(notSupported(at.child('volumeLifecycleModes'), mode, lifecycleModes));
  const path = at.child('nodeAllocatableUpdatePeriodSeconds');
  if (period !== undefined && period < 10)
    errors.push(invalid(path, period, 'must be greater than or equal to 10 seconds'));
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const why = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalid(at.child('serviceAccountTokenInSecrets'), inSecrets, why));
  }
  return errors;
}

function validateTokenRequests(requests: readonly TokenRequest[], at: Path): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience = '', expirationSeconds: seconds }, i) => {
    if (audiences.has(audience)) return [duplicate(at.index(i).child('audience'), audience)];
    audiences.add(audience);
    const path = at.index(i).child('expirationSeconds');
    const tooFar = 'may not specify a duration';
    if (seconds !== undefined && seconds < 600) return [invalid(path, seconds, `${tooFar} less than 10 minutes`)];
    if (seconds !== undefined && seconds > maxTokenSeconds)
      return [invalid(path, seconds, `${tooFar} larger than 2^32 seconds`)];
    return [];
  });
}
