import { age, shownSelector, text } from '../../columns.ts';
import type { NetworkPolicy } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateNetworkPolicy } from './networkpolicy-validation.ts';
import { networkPolicyWarnings } from './warnings.ts';

/** Who may talk to a set of pods, and whom they may talk to. */
export const networkPolicy = defineKind<NetworkPolicy>('networking/v1', {
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  namespaced: true,
  defaults(it) {
    it.spec ??= {};
    const { spec } = it;
    for (const rules of [spec.ingress ?? [], spec.egress ?? []])
      for (const { ports } of rules) for (const port of ports ?? []) port.protocol ??= 'TCP';
    // A policy without types is about what comes in; about what goes out only if it has rules for that.
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate: validateNetworkPolicy,
  warnings: networkPolicyWarnings,
  columns: [text('Pod-Selector', (it) => shownSelector(it.spec.podSelector), 'Pods it is about.'), age],
});
