import type { Registry } from '@coracle/process/metrics';
import { Counter, Gauge, Histogram } from '@coracle/process/metrics';

/** What the proxy tells of itself, under upstream's names. Times are seconds. */
export interface ProxyMetrics {
  queued(): void;
  serviceChanges(pending: number): void;
  endpointChanges(pending: number): void;
  synced(family: string, kind: 'full' | 'partial', seconds: number): void;
  failed(family: string): void;
  programmed(seconds: number): void;
  noLocalEndpoints(policy: 'internal' | 'external', services: number): void;
}

const exponential = (start: number, factor: number, count: number) =>
  Array.from({ length: count }, (_, i) => start * factor ** i);

export function proxyMetrics(registry: Registry): ProxyMetrics {
  const registers = [registry];
  const seconds = () => Date.now() / 1000;
  const sync = new Histogram({
    name: 'kubeproxy_sync_proxy_rules_duration_seconds',
    help: 'Time of one synchronization of the rules.',
    labelNames: ['ip_family'],
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const full = new Histogram({
    name: 'kubeproxy_sync_full_proxy_rules_duration_seconds',
    help: 'Time of one synchronization that wrote all rules.',
    labelNames: ['ip_family'],
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const partial = new Histogram({
    name: 'kubeproxy_sync_partial_proxy_rules_duration_seconds',
    help: 'Time of one synchronization that wrote changed rules only.',
    labelNames: ['ip_family'],
    buckets: exponential(0.001, 2, 15),
    registers,
  });
  const programming = new Histogram({
    name: 'kubeproxy_network_programming_duration_seconds',
    help: 'Time from a change of endpoints to the rules that follow it.',
    buckets: [0.25, 0.5, 1, 2, 3, 4, 5, 10, 20, 30, 60, 120, 300],
    registers,
  });
  const lastSync = new Gauge({
    name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    help: 'When the rules were last synchronized, in Unix time.',
    labelNames: ['ip_family'],
    registers,
  });
  const lastQueued = new Gauge({
    name: 'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
    help: 'When a synchronization was last asked for, in Unix time.',
    registers,
  });
  const servicePending = new Gauge({
    name: 'kubeproxy_sync_proxy_rules_service_changes_pending',
    help: 'Changes of Services that the rules do not follow yet.',
    registers,
  });
  const serviceTotal = new Counter({
    name: 'kubeproxy_sync_proxy_rules_service_changes_total',
    help: 'Changes of Services so far.',
    registers,
  });
  const endpointPending = new Gauge({
    name: 'kubeproxy_sync_proxy_rules_endpoint_changes_pending',
    help: 'Changes of endpoints that the rules do not follow yet.',
    registers,
  });
  const endpointTotal = new Counter({
    name: 'kubeproxy_sync_proxy_rules_endpoint_changes_total',
    help: 'Changes of endpoints so far.',
    registers,
  });
  const failures = new Counter({
    name: 'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
    help: 'Synchronizations that nftables refused.',
    labelNames: ['ip_family'],
    registers,
  });
  const noLocal = new Gauge({
    name: 'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
    help: 'Services whose traffic must stay on the node and that have no endpoint here.',
    labelNames: ['traffic_policy'],
    registers,
  });
  return {
    queued: () => lastQueued.set(seconds()),
    serviceChanges(pending) {
      servicePending.set(pending);
      if (pending > 0) serviceTotal.inc();
    },
    endpointChanges(pending) {
      endpointPending.set(pending);
      if (pending > 0) endpointTotal.inc();
    },
    synced(ip_family, kind, duration) {
      sync.observe({ ip_family }, duration);
      (kind === 'full' ? full : partial).observe({ ip_family }, duration);
      lastSync.set({ ip_family }, seconds());
    },
    failed: (ip_family) => failures.inc({ ip_family }),
    programmed: (duration) => programming.observe(duration),
    noLocalEndpoints: (traffic_policy, services) => noLocal.set({ traffic_policy }, services),
  };
}
