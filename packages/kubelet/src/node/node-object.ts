import type { ContainerImage, Node, NodeStatus, Taint } from '@coracle/api/types/core/v1';
import { version } from '@coracle/process';
import type { Image } from '../cri/generated/runtime.v1.ts';
import type { NodeResources } from './capacity.ts';
import type { Machine } from './machine.ts';

export interface NodeIdentity {
  name: string;
  ips: readonly string[];
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  providerId: string;
  podCidr: string;
  /** Where the kubelet serves. */
  port: number;
  /** `containerd://1.6.20` */
  runtimeVersion: string;
  attachDetach: boolean;
}

const maxImageNames = 5;

/** The labels that every node carries. */
export function ownLabels({ name }: NodeIdentity, machine: Machine): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
  };
}

/** The node as it registers itself. */
export function nodeObject(identity: NodeIdentity, machine: Machine, status: NodeStatus): Node {
  const { name, labels, taints, providerId, podCidr, attachDetach } = identity;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { ...ownLabels(identity, machine), ...labels },
      ...(attachDetach && { annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } }),
    },
    spec: {
      ...(providerId && { providerID: providerId }),
      ...(podCidr && { podCIDR: podCidr, podCIDRs: podCidr.split(',') }),
      ...(taints.length > 0 && { taints: [...taints] }),
    },
    status,
  };
}

/** What a node tells of itself besides its conditions. */
export function nodeFacts(
  identity: NodeIdentity,
  machine: Machine,
  resources: NodeResources,
  images: ContainerImage[],
): NodeStatus {
  return {
    addresses: [
      ...identity.ips.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: identity.name },
    ],
    capacity: resources.capacity,
    allocatable: resources.allocatable,
    daemonEndpoints: { kubeletEndpoint: { Port: identity.port } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernel,
      osImage: machine.osImage,
      containerRuntimeVersion: identity.runtimeVersion,
      kubeletVersion: version.gitVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
      ...(machine.swap > 0 && { swap: { capacity: machine.swap } }),
    },
    // No container has cpus for itself, so any can be given another share.
    declaredFeatures: ['GuaranteedQoSPodCPUResize'],
    images,
  };
}

/** The images for the node's status: the largest ones, at most `max` (-1: all), each with a few of its names. */
export function nodeImages(images: readonly Image[], max: number): ContainerImage[] {
  const all = images
    .map((each) => ({
      names: [...each.repoDigests, ...each.repoTags].slice(0, maxImageNames),
      sizeBytes: Number(each.size),
    }))
    .filter((each) => each.names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.names[0]! < b.names[0]! ? -1 : 1));
  return max < 0 ? all : all.slice(0, max);
}
