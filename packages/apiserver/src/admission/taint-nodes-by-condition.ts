import type { Node } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { isCore } from './refusal.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** TaintNodesByCondition: a new node takes no pods before its conditions have been looked at. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate(attributes) {
    if (!isCore(attributes, 'nodes') || attributes.subresource !== '' || attributes.operation !== 'CREATE') return;
    const node = attributes.object as Node;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return;
    node.spec.taints = [...taints, { ...notReady }];
  },
};
