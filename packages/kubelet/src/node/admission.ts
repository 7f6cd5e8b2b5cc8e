import { Quantity } from '@coracle/api/meta/quantity';
import type { Node, Pod } from '@coracle/api/types/core/v1';
import { podAmounts, requestedBy } from '../resources/pod-resources.ts';
import { matchesNode } from './node-affinity.ts';

export interface AdmissionFacts {
  allocatable: Readonly<Record<string, string>>;
  /** Labels decide only once the node is known. */
  node: Pick<Node, 'metadata'> | undefined;
  /** The pods that have their share already. */
  others: readonly Pod[];
  allowedUnsafeSysctls: readonly string[];
}

const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

/** Why this node cannot take a pod; undefined when it can. Reasons and messages are upstream's. */
export function admissionProblem(pod: Pod, facts: AdmissionFacts): { reason: string; message: string } | undefined {
  return (
    sysctlProblem(pod, facts) ??
    osProblem(pod) ??
    nodeProblem(pod, facts) ??
    portProblem(pod, facts) ??
    resourceProblem(pod, facts)
  );
}

function sysctlProblem(pod: Pod, { allowedUnsafeSysctls }: AdmissionFacts) {
  for (const { name } of pod.spec.securityContext?.sysctls ?? []) {
    const dotted = name.replaceAll('/', '.');
    const allowed = allowedUnsafeSysctls.some((each) =>
      each.endsWith('*') ? dotted.startsWith(each.slice(0, -1)) : dotted === each,
    );
    if (!allowed && !safeSysctls.has(dotted))
      return { reason: 'SysctlForbidden', message: `forbidden sysctl: "${name}" not allowlisted` };
  }
  return undefined;
}

function osProblem({ spec }: Pod) {
  const os = spec.nodeSelector?.['kubernetes.io/os'];
  if ((os && os !== 'linux') || (spec.os && spec.os.name !== 'linux')) {
    return {
      reason: spec.os && spec.os.name !== 'linux' ? 'PodOSNotSupported' : 'PodOSSelectorNodeLabelDoesNotMatch',
      message: "Failed to admit pod as the OS field doesn't match node OS",
    };
  }
  return undefined;
}

function nodeProblem(pod: Pod, { node }: AdmissionFacts) {
  if (!node || matchesNode(pod.spec, node)) return undefined;
  return {
    reason: 'NodeAffinity',
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  };
}

function portProblem(pod: Pod, { others }: AdmissionFacts) {
  const taken = others.flatMap(hostPorts);
  const clash = hostPorts(pod).some((own) =>
    taken.some(
      (other) =>
        own.port === other.port &&
        own.protocol === other.protocol &&
        (own.ip === other.ip || own.ip === '0.0.0.0' || other.ip === '0.0.0.0'),
    ),
  );
  return clash
    ? {
        reason: 'NodePorts',
        message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
      }
    : undefined;
}

function hostPorts({ spec }: Pod) {
  return [...spec.containers, ...(spec.initContainers ?? []).filter((each) => each.restartPolicy === 'Always')]
    .flatMap((each) => each.ports ?? [])
    .filter((each) => each.hostPort)
    .map((each) => ({ port: each.hostPort, protocol: each.protocol ?? 'TCP', ip: each.hostIP || '0.0.0.0' }));
}

function resourceProblem(pod: Pod, { allocatable, others }: AdmissionFacts) {
  const maxPods = Number(allocatable['pods'] ?? 0);
  if (others.length + 1 > maxPods) {
    return short('pods', 1n, BigInt(others.length), BigInt(maxPods));
  }
  const used = requestedBy(others);
  for (const [name, text] of Object.entries(podAmounts(pod.spec, 'requests'))) {
    const wanted = Quantity.parse(text);
    if (wanted.isZero()) continue;
    const has = Quantity.parse(allocatable[name] ?? '0');
    const taken = used.get(name) ?? Quantity.parse('0');
    if (taken.add(wanted).cmp(has) <= 0) continue;
    const unit = (value: Quantity): bigint => (name === 'cpu' ? value.milliValue() : value.value());
    return short(name, unit(wanted), unit(taken), unit(has));
  }
  return undefined;
}

function short(name: string, requested: bigint, used: bigint, capacity: bigint) {
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}
