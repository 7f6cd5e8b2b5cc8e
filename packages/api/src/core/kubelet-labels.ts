/** Labels of Kubernetes' own domains that a kubelet may put on its node. */
export const kubeletLabels: ReadonlySet<string> = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

/** Domains of Kubernetes' own in which a kubelet may put any label on its node. */
export const kubeletLabelDomains: readonly string[] = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/**
 * Whether a node may give itself this label. What steers workloads to nodes, such as roles and `node-restriction.kubernetes.io`, it may not: the
 * kubelet refuses it as a flag, and the admission plugin NodeRestriction as a request (KEP-279).
 */
export function mayLabelItself(key: string): boolean {
  if (kubeletLabels.has(key)) return true;
  const slash = key.indexOf('/');
  const domain = slash < 0 ? '' : key.slice(0, slash);
  if (kubeletLabelDomains.some((each) => isIn(domain, each))) return true;
  return !isIn(domain, 'kubernetes.io') && !isIn(domain, 'k8s.io');
}

const isIn = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);
