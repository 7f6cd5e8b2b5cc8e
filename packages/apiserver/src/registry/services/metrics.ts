import { Distribution, defaultSeconds, scraped } from '@coracle/process/series';
import type { Registry } from 'prom-client';
import type { ClusterIps } from './cluster-ips.ts';
import type { FamilyIps } from './family-ips.ts';
import type { NodePorts } from './node-ports.ts';

/** What was taken from a range, as plain numbers: `static` what clients chose, `dynamic` what was chosen for them. */
export class AllocationCounts {
  readonly static = { done: 0, failed: 0 };
  readonly dynamic = { done: 0, failed: 0 };
  /** Seconds. */
  readonly duration = new Distribution(defaultSeconds);
}

/** Shows what Services have of the cluster's ranges, under upstream's metric names. */
export function observeAllocation(
  metrics: Registry,
  { ips, ports }: { ips: readonly FamilyIps[]; ports: NodePorts },
): void {
  const scopes = ['static', 'dynamic'] as const;
  const ranges = () => ips.flatMap((each) => each.ranges);
  const ofIps = 'kube_apiserver_clusterip_allocator';
  const level = (name: string, help: string, read: (it: ClusterIps) => number) =>
    scraped(metrics, {
      name: `${ofIps}_${name}`,
      help,
      type: 'gauge',
      labels: ['cidr'],
      read: () => ranges().map((it) => ({ labels: { cidr: it.range.cidr }, value: read(it) })),
    });
  level('allocated_ips', 'Addresses of a range that are taken.', (it) => it.used);
  level('available_ips', 'Addresses of a range that are free.', (it) => it.range.size - it.used);
  const total = (name: string, help: string, outcome: 'done' | 'failed') => {
    scraped(metrics, {
      name: `${ofIps}_${name}`,
      help: `Addresses ${help}`,
      type: 'counter',
      labels: ['cidr', 'scope'],
      read: () =>
        ranges().flatMap(({ range, counts }) =>
          scopes.map((scope) => ({ labels: { cidr: range.cidr, scope }, value: counts[scope][outcome] })),
        ),
    });
    scraped(metrics, {
      name: `${ofPorts}_${name}`,
      help: `Node ports ${help}`,
      type: 'counter',
      labels: ['scope'],
      read: () => scopes.map((scope) => ({ labels: { scope }, value: ports.counts[scope][outcome] })),
    });
  };
  const ofPorts = 'kube_apiserver_nodeport_allocator';
  total('allocation_total', 'that were taken.', 'done');
  total('allocation_errors_total', 'that could not be had.', 'failed');
  scraped(metrics, {
    name: `${ofIps}_allocation_duration_seconds`,
    help: 'Seconds it took to take an address.',
    type: 'histogram',
    labels: ['cidr'],
    read: () => ranges().map(({ range, counts }) => ({ labels: { cidr: range.cidr }, value: counts.duration })),
  });
  const ofAll = (name: string, help: string, read: (used: number) => number) =>
    scraped(metrics, {
      name: `${ofPorts}_${name}`,
      help,
      type: 'gauge',
      read: () => (ports.used === undefined ? [] : [{ labels: {}, value: read(ports.used) }]),
    });
  const { from, to } = ports.range;
  ofAll('allocated_ports', 'Node ports that are taken, as this server saw them last.', (used) => used);
  ofAll('available_ports', 'Node ports that are free, as this server saw them last.', (used) => to - from + 1 - used);
}
