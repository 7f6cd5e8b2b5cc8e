import { z } from 'zod';
import { overlayWishes } from '../cluster/wishes.ts';

/** Where what a joining machine needs is in the API: all in kube-system, and by these names alone is it let in. */
export const nodeObjects = {
  namespace: 'kube-system',
  settings: 'coracle-node',
  settingsKey: 'settings.json',
  proxy: { account: 'kube-proxy', token: 'coracle-kube-proxy-token' },
  overlay: { account: 'overlay', token: 'coracle-overlay-token' },
  overlayEtcd: 'coracle-overlay-etcd',
} as const;

const flags = z.record(z.string(), z.string());

/** What a cluster tells the machines that join it. */
export const nodeSettings = z.object({
  /** Of the programs of the cluster. */
  version: z.string(),
  cluster: z.string(),
  podCidr: z.string(),
  serviceCidr: z.string(),
  /** Of the cluster's own nodes: joined machines have to reach them. */
  nodeSubnet: z.string(),
  dnsAddress: z.string(),
  domain: z.string(),
  overlay: overlayWishes,
  apiServers: z.array(z.string()),
  /** Where the overlay keeps leases of subnets, if it does. */
  etcdEndpoints: z.array(z.string()),
  /** Further flags of programs, and fields of the KubeletConfiguration, that the cluster's user asked for. */
  flags: z.object({ kubelet: flags, 'kube-proxy': flags, overlay: flags }),
  kubelet: z.record(z.string(), z.unknown()),
});

export type NodeSettings = z.infer<typeof nodeSettings>;
