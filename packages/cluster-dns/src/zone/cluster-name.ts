/** What a name below the cluster's domain asks for, before anything is looked up. Names are in lower case. */
export type ClusterName =
  | { asks: 'apex' | 'version' | 'services' | 'pods' | 'servers' | 'server' }
  | { asks: 'loop'; identity: string }
  | { asks: 'namespace'; namespace: string; below: 'svc' | 'pod' }
  | { asks: 'pod'; namespace: string; label: string }
  | { asks: 'service'; namespace: string; service: string }
  | { asks: 'endpoint'; namespace: string; service: string; endpoint: string }
  | { asks: 'protocol'; namespace: string; service: string; protocol: string }
  | { asks: 'port'; namespace: string; service: string; protocol: string; port: string };

/** Names with one meaning, by their labels below the domain. */
const fixed: Readonly<Record<string, ClusterName>> = {
  '': { asks: 'apex' },
  'dns-version': { asks: 'version' },
  svc: { asks: 'services' },
  pod: { asks: 'pods' },
  dns: { asks: 'servers' },
  'ns.dns': { asks: 'server' },
};

/** Reads the labels left of the cluster's domain, in their order. Undefined for a name of no form that the specification knows. */
export function clusterName(labels: readonly string[]): ClusterName | undefined {
  const known = labels.length <= 2 ? fixed[labels.join('.')] : undefined;
  if (known) return known;
  if (labels.length === 4 && labels[2] === 'loop' && labels[3] === 'dns') return { asks: 'loop', identity: labels[1]! };
  const [second, first, service, namespace, below] = [
    ...Array(5 - Math.min(labels.length, 5)).fill(undefined),
    ...labels,
  ] as (string | undefined)[];
  if (labels.length > 5 || namespace === undefined) return undefined;
  if (below === 'pod') {
    if (service === undefined) return { asks: 'namespace', namespace, below };
    return first === undefined ? { asks: 'pod', namespace, label: service } : undefined;
  }
  if (below !== 'svc') return undefined;
  if (service === undefined) return { asks: 'namespace', namespace, below };
  if (first === undefined) return { asks: 'service', namespace, service };
  const protocol = underscored(first);
  if (second === undefined) {
    return protocol === undefined
      ? { asks: 'endpoint', namespace, service, endpoint: first }
      : { asks: 'protocol', namespace, service, protocol };
  }
  const port = underscored(second);
  return port === undefined || protocol === undefined
    ? undefined
    : { asks: 'port', namespace, service, protocol, port };
}

const underscored = (label: string): string | undefined => (label.startsWith('_') ? label.slice(1) : undefined);
