import { age, text } from '../../columns.ts';
import type { Ingress, IngressRule } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateIngress, validateIngressCreate, validateIngressStatusUpdate } from './ingress-validation.ts';
import { ingressWarnings } from './warnings.ts';

/** Which requests of HTTP from outside reach which Services. */
export const ingress = defineKind<Ingress>('networking/v1', {
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  namespaced: true,
  subresources: { status: true },
  defaults(it) {
    it.spec ??= {};
  },
  prepareForCreate(it) {
    it.status = { loadBalancer: {} };
  },
  validate: validateIngress,
  validateCreate: validateIngressCreate,
  validateStatusUpdate: validateIngressStatusUpdate,
  warnings: ingressWarnings,
  columns: [
    text('Class', (it) => it.spec.ingressClassName ?? '<none>', 'The class whose controller carries it out.'),
    text('Hosts', (it) => shownHosts(it.spec.rules ?? []), 'Hosts it has rules for.'),
    text('Address', shownAddress, 'Addresses it is reached by.'),
    text('Ports', (it) => (it.spec.tls?.length ? '80, 443' : '80'), 'Ports it listens on.'),
    age,
  ],
});

const shownAtMost = 3;

function shownHosts(rules: readonly IngressRule[]): string {
  const hosts: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (hosts.length === shownAtMost) more = true;
    else if (host) hosts.push(host);
  }
  if (hosts.length === 0) return '*';
  return more ? `${hosts.join(',')} + ${rules.length - shownAtMost} more...` : hosts.join(',');
}

function shownAddress({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  return [...new Set(addresses)].filter(Boolean).sort().join(',');
}
