import { isLabelValue, isQualifiedName } from '@coracle/api/meta/names';
import { UsageError } from '@coracle/process';

/** Labels of Kubernetes' own domains that a kubelet may put on its node. */
const allowed = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);
const allowedDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/** The labels of --node-labels, if a kubelet may set them. Throws UsageError that names those it may not. */
export function checkedLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const foreign = Object.keys(labels).filter((key) => !mayBeSet(key));
  if (foreign.length > 0) {
    throw new UsageError(
      `unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [${foreign.sort().join(' ')}]\n--node-labels in the 'kubernetes.io' namespace must begin with an allowed prefix (${allowedDomains.join(', ')}) or be in the specifically allowed set (${[...allowed].sort().join(', ')})`,
    );
  }
  for (const [key, value] of Object.entries(labels)) {
    const problems = [...isQualifiedName(key), ...isLabelValue(value)];
    if (problems.length > 0) throw new UsageError(`invalid node labels: ${key}=${value}: ${problems.join('; ')}`);
  }
  return labels;
}

function mayBeSet(key: string): boolean {
  if (allowed.has(key)) return true;
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  if (allowedDomains.some((each) => domain === each || domain.endsWith(`.${each}`))) return true;
  return !/(^|\.)(kubernetes|k8s)\.io$/.test(domain);
}
