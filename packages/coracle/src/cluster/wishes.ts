import { posix } from 'node:path';
import { mayLabelItself } from '@coracle/api/core/kubelet-labels';
import { isLabelValue, isQualifiedName } from '@coracle/api/meta/names';
import { z } from 'zod';
import type { ApiServerWishes } from './api-server-wishes.ts';

/** Labels as upstream takes them, of those a kubelet may give its own node. */
const nodeLabels = z.record(z.string(), z.string()).check(({ value, issues }) => {
  for (const [key, text] of Object.entries(value)) {
    const problems = [...isQualifiedName(key).map((it) => `the key is invalid: ${it}`), ...isLabelValue(text)];
    if (problems.length === 0 && !mayLabelItself(key)) {
      problems.push("a node may not give itself this label of the 'kubernetes.io' or 'k8s.io' namespace");
    }
    for (const message of problems) issues.push({ code: 'custom', message, path: [key], input: text });
  }
});

const taint = z.strictObject({
  key: namedBy(isQualifiedName),
  value: namedBy(isLabelValue).optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
});

const nodeTaints = z.array(taint).check(({ value, issues }) => {
  const pairs = value.map((it) => `${it.key}:${it.effect}`);
  for (const [at, pair] of pairs.entries()) {
    if (pairs.indexOf(pair) === at) continue;
    issues.push({ code: 'custom', message: 'taints must be unique by key and effect pair', path: [at], input: pair });
  }
});

/** Text that one of upstream's rules, which answer with what is wrong, has nothing against. */
function namedBy(rule: (text: string) => string[]): z.ZodString {
  return z.string().check(({ value, issues }) => {
    for (const message of rule(value)) issues.push({ code: 'custom', message, input: value });
  });
}

const nodeMount = z.strictObject({
  /** A file or folder of the host. */
  hostPath: z.string().startsWith('/', 'must be an absolute path'),
  /** Where the node sees it. */
  containerPath: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .refine((it) => posix.normalize(it) !== '/', 'must not be the root of the node'),
  readOnly: z.boolean().default(false),
});

const port = z.int().min(1).max(65535);

const portMapping = z.strictObject({
  /** Of the node. */
  containerPort: port,
  hostPort: port,
  /** The address of the host it listens on. */
  listenAddress: z.ipv4().default('0.0.0.0'),
  protocol: z.literal('TCP', { error: 'only TCP can be mapped' }).default('TCP'),
});

/** What a user says of a node. */
export const nodeWishes = z.strictObject({
  role: z.enum(['control-plane', 'worker']),
  labels: nodeLabels.default({}),
  taints: nodeTaints.default([]),
  extraMounts: z.array(nodeMount).default([]),
  extraPortMappings: z.array(portMapping).default([]),
});

/**
 * What the roots of nodes are made of: the host's own, with our programs run from the checkout by a supervisor; or a Debian tree with systemd,
 * which runs them as system containers.
 */
export const rootfsKinds = ['host', 'debian'] as const;
export const rootfsWish = z.enum(rootfsKinds).default('host');

/** What a user says of the network between pods. */
export const overlayWishes = z.strictObject({
  backend: z.enum(['vxlan', 'host-gw']).default('vxlan'),
  /** Who gives nodes their pods' addresses: the overlay by leases in etcd, or kube-controller-manager as podCIDR. */
  subnetSource: z.enum(['etcd', 'kubernetes']).default('etcd'),
});

/** Programs that take further flags from the user. */
export const flaggedComponents = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'overlay',
] as const;

/** What a user says of the programs of all nodes. */
export const componentWishes = z.strictObject({
  /** Further flags by program, without the dashes: `node-monitor-grace-period: 10s`. */
  flags: z.partialRecord(z.enum(flaggedComponents), z.record(z.string(), z.coerce.string())).default({}),
  /** Fields of the KubeletConfiguration that differ from what Coracle sets. */
  kubelet: z.record(z.string(), z.unknown()).default({}),
});

export type NodeWishes = z.infer<typeof nodeWishes>;
export type OverlayWishes = z.infer<typeof overlayWishes>;
export type ComponentWishes = z.infer<typeof componentWishes>;
export type PortMapping = z.infer<typeof portMapping>;

/** A cluster as a user asks for it. */
export interface ClusterWishes {
  rootfs: (typeof rootfsKinds)[number];
  nodes: NodeWishes[];
  /** Networks, where the user names them. */
  nodeSubnet?: string;
  podSubnet?: string;
  serviceSubnet?: string;
  overlay: OverlayWishes;
  components: ComponentWishes;
  apiServer: ApiServerWishes;
}
