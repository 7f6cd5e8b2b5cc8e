import { deepEqual } from '@coracle/api/meta/object';
import { isExtendedResourceName } from '@coracle/api/resource/v1/deviceclass';
import type { Pod, Toleration } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { isPodWrite } from './refusal.ts';

/**
 * ExtendedResourceToleration: pods that ask for an extended resource tolerate nodes tainted with its name, which are kept for those who need it
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#extendedresourcetoleration).
 */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  mutate(attributes) {
    if (!isPodWrite(attributes, 'CREATE', 'UPDATE')) return;
    const { spec } = attributes.object as Pod;
    const asked = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
      Object.keys(resources?.requests ?? {}).filter(isExtendedResourceName),
    );
    for (const key of [...new Set(asked)].sort()) {
      spec.tolerations = withToleration(spec.tolerations ?? [], { key, operator: 'Exists', effect: 'NoSchedule' });
    }
  },
};

/** With a toleration in place of the one that is for the same taints. */
function withToleration(all: readonly Toleration[], wanted: Toleration): Toleration[] {
  const at = all.findIndex(({ tolerationSeconds: _, ...rest }) => deepEqual(rest, wanted));
  return at < 0 ? [...all, wanted] : all.with(at, wanted);
}
