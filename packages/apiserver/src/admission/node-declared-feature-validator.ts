import { deepEqual } from '@coracle/api/meta/object';
import { Quantity } from '@coracle/api/meta/quantity';
import type { Container, Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { nodeOfPod, specChanges } from './pod-resize-validator.ts';
import { isCore, refused } from './refusal.ts';

const cpu = ({ resources }: Container): Quantity => Quantity.parse(resources?.requests?.['cpu'] ?? '0');

/** What a node must have declared (`status.declaredFeatures`) for a change of a pod that runs on it, in the order in which it is told. */
const features: Readonly<Record<string, (now: Pod, old: Pod) => boolean>> = {
  GuaranteedQoSPodCPUResize: (now, old) =>
    old.status?.qosClass === 'Guaranteed' &&
    old.spec.containers.some((container, i) => !cpu(container).equals(cpu(now.spec.containers[i] ?? container))),
  InPlacePodLevelResourcesVerticalScaling: (now, old) => !deepEqual(now.spec.resources ?? {}, old.spec.resources ?? {}),
};

/** NodeDeclaredFeatureValidator: a running pod is not changed into what its node cannot do (KEP-5328). */
export const nodeDeclaredFeatureValidator: AdmissionPlugin = {
  name: 'NodeDeclaredFeatureValidator',
  async validate(attributes) {
    const { subresource } = attributes;
    if (!isCore(attributes, 'pods') || (subresource !== '' && subresource !== 'resize')) return;
    if (!specChanges(attributes)) return;
    const now = attributes.object as Pod;
    const old = attributes.oldObject as Pod;
    const needed = Object.keys(features).filter((name) => features[name]!(now, old));
    if (needed.length === 0) return;
    const node = await nodeOfPod(attributes);
    const missing = needed.filter((name) => !node.status?.declaredFeatures?.includes(name));
    if (missing.length === 0) return;
    throw refused(
      attributes,
      `pod update requires features ${missing.join(', ')} which are not available on node ${JSON.stringify(node.metadata.name ?? '')}`,
    );
  },
};
