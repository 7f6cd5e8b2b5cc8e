import type { KubeObject } from '@coracle/api/kind';
import { type FieldError, forbidden, Path } from '@coracle/api/meta/field-path';
import { getPath } from '@coracle/api/meta/object';
import { invalidObject } from '@coracle/api/meta/status';
import type { Pod, PodSpec } from '@coracle/api/types/core/v1';
import type { HookTable } from '../strategy.ts';
import { podHooks } from './hooks.ts';

/** Without `--allow-privileged`: refuses pods, and templates of pods, whose containers want to be privileged. */
export const unprivilegedHooks: HookTable = {
  pods: {
    ...podHooks,
    beforeCreate(it) {
      refuse({ group: '', kind: 'Pod' }, it.metadata.name, (it as Pod).spec, new Path('spec'));
      return undefined;
    },
    beforeUpdate(it, old, context) {
      if (context.subresource === 'ephemeralcontainers')
        refuse({ group: '', kind: 'Pod' }, it.metadata.name, (it as Pod).spec, new Path('spec'));
      return podHooks.beforeUpdate?.(it as Pod, old as Pod, context);
    },
  } as HookTable[string],
  podtemplates: templated('', 'PodTemplate', 'template'),
  replicationcontrollers: templated('', 'ReplicationController'),
  'daemonsets.apps': templated('apps', 'DaemonSet'),
  'deployments.apps': templated('apps', 'Deployment'),
  'replicasets.apps': templated('apps', 'ReplicaSet'),
  'statefulsets.apps': templated('apps', 'StatefulSet'),
  'jobs.batch': templated('batch', 'Job'),
  'cronjobs.batch': templated('batch', 'CronJob', 'spec.jobTemplate.spec.template'),
};

/** `template` is the path of the kind's template. */
function templated(group: string, kind: string, template = 'spec.template'): HookTable[string] {
  const at = `${template}.spec`;
  const check = (it: KubeObject) => {
    refuse({ group, kind }, it.metadata.name, getPath(it, at) as PodSpec | undefined, new Path(at));
    return undefined;
  };
  return { beforeCreate: check, beforeUpdate: check };
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
