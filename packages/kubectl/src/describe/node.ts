import { messageOf } from '@coracle/api/meta/message-of';
import { Quantity } from '@coracle/api/meta/quantity';
import type { Lease } from '@coracle/api/types/coordination/v1';
import type { Node, Pod, Taint } from '@coracle/api/types/core/v1';
import type { Session } from '../session.ts';
import { Description, longTime } from './description.ts';
import { since } from './events.ts';
import { limitsOf, requestsOf, type Sums, totalOf } from './pod-resources.ts';

export async function describeNode(node: Node, session: Session): Promise<Description> {
  const out = new Description();
  const { metadata, spec = {}, status = {} } = node;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Roles:\t${rolesOf(node).join(',') || '<none>'}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  out.entries('Taints', taintTexts(spec.taints ?? []));
  out.line(0, `Unschedulable:\t${spec.unschedulable ?? false}`);
  await describeLease(out, metadata.name!, session);
  if (status.conditions?.length) {
    out.line(0, 'Conditions:');
    out.line(1, 'Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage');
    out.line(1, '----\t------\t-----------------\t------------------\t------\t-------');
    for (const each of status.conditions) {
      out.line(
        1,
        `${each.type} \t${each.status} \t${longTime(each.lastHeartbeatTime)} \t${longTime(each.lastTransitionTime)} \t${each.reason ?? ''} \t${each.message ?? ''}`,
      );
    }
  }
  out.line(0, 'Addresses:');
  for (const { type, address } of status.addresses ?? []) out.line(1, `${type}:\t${address}`);
  describeList(out, 'Capacity', status.capacity);
  describeList(out, 'Allocatable', status.allocatable);
  describeSystem(out, node);
  if (spec.podCIDR) out.line(0, `PodCIDR:\t${spec.podCIDR}`);
  if (spec.podCIDRs?.length) out.line(0, `PodCIDRs:\t${spec.podCIDRs.join(',')}`);
  if (spec.providerID) out.line(0, `ProviderID:\t${spec.providerID}`);
  await describePods(out, node, session);
  return out;
}

const rolePrefix = 'node-role.kubernetes.io/';

function rolesOf({ metadata }: Node): string[] {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) return [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return [...new Set(roles)].sort();
}

function taintTexts(taints: readonly Taint[]): string[] {
  const key = (taint: Taint): string => `${taint.effect},${taint.key}`;
  return [...taints]
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .map((taint) => `${taint.key}${taint.value ? `=${taint.value}` : ''}${taint.effect ? `:${taint.effect}` : ''}`);
}

async function describeLease(out: Description, name: string, session: Session): Promise<void> {
  let lease: Lease | undefined;
  try {
    lease = await session.rest.json<Lease>(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${encodeURIComponent(name)}`,
    );
  } catch (error) {
    if ((error as { reason?: string }).reason !== 'NotFound') throw error;
    out.line(0, `Lease:\tFailed to get lease: ${messageOf(error)}`);
    return;
  }
  out.line(0, 'Lease:');
  out.line(1, `HolderIdentity:\t${lease.spec?.holderIdentity ?? '<unset>'}`);
  out.line(1, `AcquireTime:\t${lease.spec?.acquireTime ? longTime(lease.spec.acquireTime) : '<unset>'}`);
  out.line(1, `RenewTime:\t${lease.spec?.renewTime ? longTime(lease.spec.renewTime) : '<unset>'}`);
}

function describeList(out: Description, title: string, list: Readonly<Record<string, string>> | undefined): void {
  const names = Object.keys(list ?? {}).sort();
  if (names.length === 0) return;
  out.line(0, `${title}:`);
  for (const name of names) out.line(1, `${name}:\t${Quantity.parse(list![name]!)}`);
}

function describeSystem(out: Description, { status }: Node): void {
  const info = status?.nodeInfo;
  out.line(0, 'System Info:');
  for (const [title, value] of [
    ['Machine ID', info?.machineID],
    ['System UUID', info?.systemUUID],
    ['Boot ID', info?.bootID],
    ['Kernel Version', info?.kernelVersion],
    ['OS Image', info?.osImage],
    ['Operating System', info?.operatingSystem],
    ['Architecture', info?.architecture],
    ['Container Runtime Version', info?.containerRuntimeVersion],
    ['Kubelet Version', info?.kubeletVersion],
    ['Kube-Proxy Version', info?.kubeProxyVersion],
  ] as const) {
    out.line(1, `${title}:\t${value ?? ''}`);
  }
}

async function describePods(out: Description, node: Node, session: Session): Promise<void> {
  let pods: Pod[];
  try {
    const { items } = await session.rest.json<{ items: Pod[] | null }>('GET', '/api/v1/pods', {
      query: { fieldSelector: `spec.nodeName=${node.metadata.name},status.phase!=Succeeded,status.phase!=Failed` },
    });
    pods = items ?? [];
  } catch (error) {
    if ((error as { reason?: string }).reason !== 'Forbidden') throw error;
    out.line(0, 'Pods:\tnot authorized');
    return;
  }
  const allocatable = node.status?.allocatable ?? node.status?.capacity ?? {};
  const share = (amount: Quantity | undefined, resource: string): string => {
    const value = amount ?? Quantity.parse(0);
    const whole = Number(Quantity.parse(allocatable[resource] ?? 0).milliValue());
    const percent = whole === 0 ? 0 : Math.trunc((Number(value.milliValue()) / whole) * 100);
    return `${value} (${percent}%)`;
  };
  out.line(0, `Non-terminated Pods:\t(${pods.length} in total)`);
  out.line(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge');
  out.line(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---');
  const requests: Sums[] = [];
  const limits: Sums[] = [];
  for (const pod of pods) {
    const request = requestsOf(pod);
    const limit = limitsOf(pod);
    requests.push(request);
    limits.push(limit);
    const cells = [
      share(request.get('cpu'), 'cpu'),
      share(limit.get('cpu'), 'cpu'),
      share(request.get('memory'), 'memory'),
      share(limit.get('memory'), 'memory'),
    ];
    out.line(
      1,
      `${pod.metadata.namespace}\t${pod.metadata.name}\t\t${cells.join('\t')}\t${since(pod.metadata.creationTimestamp)}`,
    );
  }
  const [request, limit] = [totalOf(requests), totalOf(limits)];
  out.line(0, 'Allocated resources:');
  out.line(1, '(Total limits may be over 100 percent, i.e., overcommitted.)');
  out.line(1, 'Resource\tRequests\tLimits');
  out.line(1, '--------\t--------\t------');
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    out.line(1, `${name}\t${share(request.get(name), name)}\t${share(limit.get(name), name)}`);
  }
  const extended = Object.keys(allocatable)
    .filter((name) => name.startsWith('hugepages-') || name.includes('/'))
    .sort();
  for (const name of extended) {
    const huge = name.startsWith('hugepages-');
    const shown = (amount: Quantity | undefined): string => (huge ? share(amount, name) : String(amount ?? 0));
    out.line(1, `${name}\t${shown(request.get(name))}\t${shown(limit.get(name))}`);
  }
}
