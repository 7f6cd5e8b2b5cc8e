import { formatLabelSelector } from '@coracle/api/meta/labels';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '@coracle/api/types/networking/v1';
import { Description } from './description.ts';

/** How the two directions of traffic are worded. */
const directions = {
  ingress: { name: 'ingress', peer: 'From', anyone: 'source' },
  egress: { name: 'egress', peer: 'To', anyone: 'destination' },
} as const;

interface Rule {
  readonly ports: readonly NetworkPolicyPort[];
  readonly peers: readonly NetworkPolicyPeer[];
}

export function describeNetworkPolicy({ metadata, spec }: NetworkPolicy): Description {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  out.line(0, `Created on:\t${createdOn(metadata.creationTimestamp)}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, 'Spec:');
  const selected = formatLabelSelector(spec.podSelector);
  const all = '<none> (Allowing the specific traffic to all pods in this namespace)';
  out.line(1, `PodSelector:     ${selected === '<none>' ? all : selected}`);
  const types = spec.policyTypes ?? [];
  const ingress = (spec.ingress ?? []).map(({ ports = [], from = [] }) => ({ ports, peers: from }));
  const egress = (spec.egress ?? []).map(({ ports = [], to = [] }) => ({ ports, peers: to }));
  describeDirection(out, types.includes('Ingress') ? ingress : undefined, directions.ingress);
  describeDirection(out, types.includes('Egress') ? egress : undefined, directions.egress);
  out.line(1, `Policy Types: ${types.join(', ')}`);
  return out;
}

function describeDirection(
  out: Description,
  rules: readonly Rule[] | undefined,
  { name, peer, anyone }: (typeof directions)[keyof typeof directions],
): void {
  if (!rules) {
    out.line(1, `Not affecting ${name} traffic`);
    return;
  }
  out.line(1, `Allowing ${name} traffic:`);
  if (rules.length === 0) out.line(2, `<none> (Selected pods are isolated for ${name} connectivity)`);
  for (const [i, { ports, peers }] of rules.entries()) {
    if (i > 0) out.line(2, '----------');
    if (ports.length === 0) out.line(2, 'To Port: <any> (traffic allowed to all ports)');
    for (const { port = '<nil>', endPort, protocol = 'TCP' } of ports) {
      out.line(2, `${endPort === undefined ? `To Port: ${port}` : `To Port Range: ${port}-${endPort}`}/${protocol}`);
    }
    if (peers.length === 0) out.line(2, `${peer}: <any> (traffic not restricted by ${anyone})`);
    for (const each of peers) {
      out.line(2, `${peer}:`);
      describePeer(out, each);
    }
  }
}

function describePeer(out: Description, { namespaceSelector, podSelector, ipBlock }: NetworkPolicyPeer): void {
  if (namespaceSelector) out.line(3, `NamespaceSelector: ${formatLabelSelector(namespaceSelector)}`);
  if (podSelector) out.line(3, `PodSelector: ${formatLabelSelector(podSelector)}`);
  if (!ipBlock) return;
  out.line(3, 'IPBlock:');
  out.line(4, `CIDR: ${ipBlock.cidr}`);
  out.line(4, `Except: ${(ipBlock.except ?? []).join(', ')}`);
}

/** 2006-01-02 15:04:05 +0000 UTC, in the machine's time zone: how Go prints a time. */
function createdOn(timestamp: string | undefined): string {
  if (!timestamp) return '0001-01-01 00:00:00 +0000 UTC';
  const offset = -new Date(timestamp).getTimezoneOffset();
  const local = new Date(Date.parse(timestamp) + offset * 60_000).toISOString();
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  const zone = `${offset < 0 ? '-' : '+'}${two(offset / 60)}${two(offset % 60)}`;
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${zone} ${offset === 0 ? 'UTC' : zone}`;
}
