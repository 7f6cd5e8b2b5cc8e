import { type FieldError, forbidden, Path } from '@coracle/api/meta/field-path';
import { invalidObject } from '@coracle/api/meta/status';
import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { Pod, PodSpec } from '@coracle/api/types/core/v1';
import type { HookTable } from '../strategy.ts';

/** Without `--allow-privileged`: refuses pods, and templates of pods, whose containers want to be privileged. */
export const unprivilegedHooks: HookTable = {
  pods: {
    beforeCreate(it) {
      refuse({ group: '', kind: 'Pod' }, it.metadata.name, (it as Pod).spec, new Path('spec'));
      return undefined;
    },
  },
  'deployments.apps': templated('Deployment'),
  'replicasets.apps': templated('ReplicaSet'),
};

function templated(kind: string): HookTable[string] {
  const check = (it: Deployment | ReplicaSet) => {
    refuse({ group: 'apps', kind }, it.metadata.name, it.spec?.template?.spec, new Path('spec.template.spec'));
    return undefined;
  };
  return {
    beforeCreate: (it) => check(it as Deployment),
    beforeUpdate: (it) => check(it as Deployment),
  };
}

function refuse(kind: { group: string; kind: string }, name = '', spec: PodSpec | undefined, at: Path): void {
  const errors = privileged(spec, at);
  if (errors.length > 0) throw invalidObject(kind, name, errors);
}

/** One error for each privileged container of a pod spec. */
export function privileged(spec: PodSpec | undefined, at: Path): FieldError[] {
  return (['containers', 'initContainers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec?.[list] ?? []).flatMap((container, i) =>
      container.securityContext?.privileged
        ? [forbidden(at.child(list).index(i).child('securityContext.privileged'), 'disallowed by cluster policy')]
        : [],
    ),
  );
}
